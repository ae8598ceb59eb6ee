import cv2,numpy as np,sys
def mont(ids,out):
    ims=[cv2.imread(f"/tmp/a16/d_4101_{i}.png") for i in ids]
    ims=[cv2.resize(m,None,fx=1000/max(m.shape),fy=1000/max(m.shape),interpolation=cv2.INTER_AREA) for m in ims]
    W=sum(m.shape[1] for m in ims)
    c=np.full((1000,W,3),128,np.uint8);x=0
    for m in ims: c[:m.shape[0],x:x+m.shape[1]]=m;x+=m.shape[1]
    cv2.imwrite(out,c)
for k,a in enumerate(sys.argv[1:],1): mont(a.split(','),f"/tmp/a16/m{k}.png")
