"""FigGen (Rodriguez et al., ICLR 2023 Tiny Papers): latent diffusion from captions to figures."""
