import sys,pickle,numpy as np,cv2
from pathlib import Path
import figbench.graphs.raster_shapes as S
from figbench.graphs.raster import _words
i=int(sys.argv[1])
s,im,lines=pickle.loads(Path(f"/tmp/a16/c_4101_{i}.pkl").read_bytes())
words=[w for l in lines if (w:=_words(l)) is not None]
print([w.text for w in words])
o=S.captioned_pictures
def cap(pieces,words,nodes):
    out=o(pieces,words,nodes)
    print([ (n.box,n.kind) for n in out]); print("nodes",[n.box for n in nodes])
    v=np.full((*pieces.shape,3),255,np.uint8); v[pieces]=0
    cv2.imwrite("/tmp/a16/p.png",v); return out
S.captioned_pictures=cap
sil=S._silhouettes
def si(marks,*a):
    cv2.imwrite("/tmp/a16/marks.png",255-marks*255); return sil(marks,*a)
S._silhouettes=si
S.find_shapes(im,words)
