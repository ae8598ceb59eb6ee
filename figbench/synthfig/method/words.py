"""The vocabulary: five fields of research, each with its inputs, modules and losses.

Words are separated by semicolons; ``|`` breaks a label into lines, ``$...$`` is mathematics
(see ``text``). Inputs and outputs carry the look that shows them: ``label@look``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """Names that belong together in one figure."""

    task: tuple[str, ...]
    inputs: tuple[str, ...]
    coders: tuple[str, ...]
    modules: tuple[str, ...]
    features: tuple[str, ...]
    losses: tuple[str, ...]
    outputs: tuple[str, ...]
    stores: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in text.split(";"))


VISION = Field(
    task=_words(
        """object detection; semantic segmentation; image classification; pose estimation"""
    ),
    inputs=_words(
        """Input Image@photo; RGB Image@photo; Input Frame@photo; Image $I$@photo; Depth
        Map@heatmap; Point Cloud@points; Video Clip@frames; Image $x_i$@photo"""
    ),
    coders=_words(
        """ResNet-50; ResNet-101; CNN|Backbone; Image|Encoder; VGG-16; ViT|Encoder;
        Feature|Extractor; Swin|Backbone; Encoder $E$; EfficientNet; U-Net"""
    ),
    modules=_words(
        """Conv 3x3; Conv 1x1; Max Pooling; Batch Norm; ReLU; Upsample; Deconv; FPN; RPN; RoI
        Align; Spatial|Attention; Channel|Attention; Dropout; Global Avg|Pooling; Dilated
        Conv; Feature|Fusion; Attention|Module; ASPP; Context|Module; Refinement|Module;
        Residual|Block; Dense Block; Alignment; Proposal|Network; Deformable|Conv; Mask
        Head; Box Head"""
    ),
    features=_words(
        """Feature Map; Feature|Pyramid; Feature $F_1$; Feature $F_t$; Attention|Map;
        Local|Features; Global|Features; Descriptor; Feature|Vector"""
    ),
    losses=_words("$L_{cls}$; $L_{reg}$; Dice Loss; Loss $L_{seg}$; Focal Loss; IoU Loss"),
    outputs=_words(
        """Prediction@heatmap; Class Scores@bars; Segmentation@mask; Saliency Map@heatmap;
        Output $y$@bars; Detections@boxes; Mask@mask; Heat Map@heatmap"""
    ),
    stores=_words("Memory|Bank; Anchor|Set; Class|Prototypes; Training|Data"),
)

LANGUAGE = Field(
    task=_words("machine translation; question answering; relation extraction; summarization"),
    inputs=_words(
        """Input Text@doc; Question@tokens; Source Sentence@tokens; Document@doc; Word
        Tokens@tokens; Context@doc; Query $q$@tokens; Passage@doc"""
    ),
    coders=_words(
        """BERT; Encoder; BiLSTM|Encoder; Transformer|Encoder; RoBERTa; GRU|Encoder;
        Text|Encoder; Decoder; LSTM|Decoder; Context|Encoder; T5 Encoder"""
    ),
    modules=_words(
        """Self-Attention; Multi-Head|Attention; Feed|Forward; Layer Norm; Linear; Add & Norm;
        Softmax; Embedding|Layer; Word|Embedding; Positional|Encoding; Cross-Attention;
        Pointer|Network; Copy|Mechanism; CRF Layer; Bi-GRU; Pooling|Layer; Gating;
        Matching|Layer; MLP; Tokenizer; Reranker; Co-Attention; Highway|Layer;
        Span|Classifier; Beam Search"""
    ),
    features=_words(
        """Hidden State|$h_t$; Context|Vector $c_t$; Sentence|Vector; Embeddings;
        Token|Features; Hidden|States; $h_t = f(x_t)$; Memory $M$"""
    ),
    losses=_words("$L_{CE}$; Cross|Entropy; $L_{NLL}$; Loss $L_{qa}$; Ranking|Loss"),
    outputs=_words(
        """Answer@tokens; Output|Probabilities@bars; Summary@doc; Labels $y_t$@tokens; Target
        Sentence@tokens; Score@bars; Relation@graph"""
    ),
    stores=_words("Knowledge|Base; Corpus; Entity|Index; Memory|Network; Vocabulary"),
)

GENERATIVE = Field(
    task=_words("image synthesis; style transfer; super-resolution; image inpainting"),
    inputs=_words(
        """Source Image@photo; Low-res|Image@photo; Noise $z$@noise; Sketch@curve; Content
        Image@photo; Style Image@photo; Masked Image@photo; Condition $c$@tokens"""
    ),
    coders=_words(
        """Encoder $E$; Generator $G$; Style|Encoder; Content|Encoder; VAE|Encoder; Decoder
        $D$; Generator; Mapping|Network; Denoising|U-Net"""
    ),
    modules=_words(
        """AdaIN; Residual|Block; Instance|Norm; Upsampling; Modulation; Conv 3x3; Pixel
        Shuffle; Reparam.; Flow Network; Noise|Schedule; Cross-Attention; Dense Block;
        Quantizer; Skip Block; Deconv 4x4; FiLM Layer; Refiner; Sampling; Diffusion|Step;
        Gated Conv; Warping; Blending"""
    ),
    features=_words(
        """Latent|Code $z$; Style|Code $s$; Content|Code; $μ, σ$; Feature Map; Latent $z_t$;
        Codebook|Indices; $z = μ + σε$"""
    ),
    losses=_words("$L_{adv}$; $L_{rec}$; $L_{KL}$; GAN Loss; Perceptual|Loss; Style Loss"),
    outputs=_words(
        """Generated|Image@photo; Output Image@photo; Reconstruction@photo;
        Synthesized|Image@photo; High-res|Image@photo; Stylized Image@photo"""
    ),
    stores=_words("Codebook; Image|Dataset; Style Bank; Training|Set"),
)

GRAPH = Field(
    task=_words("link prediction; traffic forecasting; recommendation; node classification"),
    inputs=_words(
        """Input Graph@graph; Node Features@grid; Time Series@curve; Graph $G$@graph; User
        History@tokens; Sensor Data@curve; Adjacency $A$@grid; Item Features@grid"""
    ),
    coders=_words(
        """GCN|Encoder; Graph|Encoder; GAT Layers; GNN; LSTM|Encoder; TCN; Encoder;
        Temporal|Encoder; User|Encoder; Item|Encoder; GraphSAGE"""
    ),
    modules=_words(
        """Graph Conv; Temporal|Conv; Graph|Pooling; Readout; Message|Passing; MLP;
        Attention|Layer; Gated TCN; Neighbor|Sampling; Aggregation; Dropout; GRU;
        Diffusion|Conv; Graph|Attention; Spectral|Filter; Normalization; Linear;
        Fusion|Gate; Contrastive|Head; Projection|Head; Interest|Extractor"""
    ),
    features=_words(
        """Node|Embeddings; Graph|Embedding; $H^{(l+1)}$; User $u_i$; Item $v_j$; Hidden $h_v$;
        $Z = AXW$; Spatial|Features"""
    ),
    losses=_words("$L_{con}$; BPR Loss; MSE Loss; $L_{pred}$; Loss $L$; InfoNCE"),
    outputs=_words(
        """Forecast@curve; Prediction $y$@bars; Ranking@bars; Edge Scores@heatmap; Node
        Labels@graph; Anomaly Score@curve"""
    ),
    stores=_words("Graph|Database; Interaction|Logs; Feature|Store; User|Profiles"),
)

LEARNING = Field(
    task=_words("few-shot learning; domain adaptation; robot control; federated learning"),
    inputs=_words(
        """Source Domain@photo; Target Domain@photo; Observation@photo; Support Set@frames;
        State $s_t$@grid; Unlabeled|Data@frames; Query Image@photo; Sensor Input@curve"""
    ),
    coders=_words(
        """Feature|Extractor; Policy|Network; Encoder $f_θ$; Shared|Encoder; Teacher; Student;
        World Model; Meta|Learner; Actor; Backbone; Momentum|Encoder"""
    ),
    modules=_words(
        """Classifier; Domain|Classifier; Gradient|Reversal; Critic; Augmentation;
        Distillation; Pseudo|Labeling; Selector; Reward|Model; Planner; Projector;
        Predictor; Task|Sampler; Adapter; Prototype|Module; Optimizer; Controller;
        Value|Network; Regularizer; Aggregator; EMA Update; Simulator"""
    ),
    features=_words(
        """Features; Prototypes|$c_k$; Latent|State $z_t$; Embedding; Shared|Features;
        Task|Vector; Soft Labels; $π(s_t)$"""
    ),
    losses=_words("$L_{task}$; $L_{dom}$; KL Loss; Loss $L_{con}$; TD Error; $L_{dist}$"),
    outputs=_words(
        """Action $a_t$@bars; Prediction@bars; Class Label@bars; Trajectory@curve;
        Q-values@bars; Predictions@heatmap"""
    ),
    stores=_words("Replay|Buffer; Memory|Bank; Task Pool; Dataset; Client|Data"),
)

FIELDS = (VISION, LANGUAGE, GENERATIVE, GRAPH, LEARNING)

_NAME_HEADS = _words(
    """Dual; Multi; Deep; Adapt; Graph; Cross; Hyper; Meta; Fine; Flow; Omni; Uni; Hier; Co;
    Self; Sparse; Dyna; Light; Context; Scene"""
)
_NAME_TAILS = _words("Net; Former; Fuse; GAN; Align; Mix; Seg; Rec; CLIP; Flow; VAE")
METHOD_NAMES = tuple(
    head + tail for head in _NAME_HEADS for tail in _NAME_TAILS if head.lower() != tail.lower()
)
BRANCHES = (
    ("Local Branch", "Global Branch"),
    ("Student Branch", "Teacher Branch"),
    ("Spatial Stream", "Temporal Stream"),
    ("Visual Branch", "Text Branch"),
    ("Source Path", "Target Path"),
    ("Coarse Stage", "Fine Stage"),
    ("Stage 1", "Stage 2"),
    ("Online Network", "Target Network"),
)
STAGES = _words(
    """Preprocessing; Feature Extraction; Training; Inference; Pretraining; Fine-tuning;
    Evaluation; Matching; Data Collection; Post-processing; Stage I; Stage II; Optimization;
    Retrieval; Reasoning; Representation Learning"""
)
ROLE_WORDS = {
    "input": _words("Input; Data"),
    "module": _words("Module; Layer; Operation"),
    "coder": _words("Network; Trainable; Backbone"),
    "feature": _words("Features; Representation; Tensor"),
    "loss": _words("Loss; Objective"),
    "output": _words("Output; Result"),
}
LINK_WORDS = _words(
    """$h_t$; $z$; $x_t$; query; key; concat; update; $Q, K, V$; share; $θ$; init; $F_l$;
    sample; $α_i$; reward; loss; top-k; mask; fuse"""
)
