import pickle,sys
from pathlib import Path
import figbench.graphs.raster_lines as L
from figbench.graphs.raster_shapes import find_shapes
from figbench.graphs.raster import _words
i=int(sys.argv[1])
s,im,lines=pickle.loads(Path(f"/tmp/a16/c_4101_{i}.pkl").read_bytes())
words=[w for l in lines if (w:=_words(l)) is not None]
o=L._has_head
def hh(lines,joint,at,ink,pen):
    r=o(lines,joint,at,ink,pen)
    seg=lines.segments[at[joint][0]]
    print(joint,lines.joints[joint],len(seg.path),round(pen,1),r)
    return r
L._has_head=hh
L.trace_strokes(find_shapes(im,words),words)
