"""Alignment by messages over a graph of training items."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.alignment.checks import check_count
from mmsearch.alignment.contrast import Contrast, refuse_without_labels
from mmsearch.alignment.graph import Graph, Memory
from mmsearch.alignment.held_out import mean_reciprocal_rank
from mmsearch.alignment.items import Batch, Items
from mmsearch.alignment.torch_learner import TorchAligner
from mmsearch.nets.messages import MessageLayer
from mmsearch.nets.projections import GraphProjection
from mmsearch.nets.projectors import ProjectorNetwork

_MEMORY = "memory."


class GraphAligner(TorchAligner):
    """Lets every item hear from its nearest training items and from what those are paired with.

    Nodes are training images and texts; edges join a node with its nearest nodes of its own modality, and pairs. A
    message passes from neighbours, and over their pair edges from the other modality, to a node. Inductive as
    GraphSAGE (Hamilton et al., arXiv:1706.02216): a new item attends to its nearest training items, and nothing that
    is mapped ever enters the graph. Neighbours of a training node are of other items, so with one layer it never hears
    its own answer; with more, a little of it may come back through neighbours of neighbours.

    In training, neighbours' states are those of the beginning of the epoch, without gradient.

    Args:
        dim: Columns of the shared space.
        hidden: Width of the residual of each projector; 0 for linear ones.
        dropout: Share of hidden values set to zero in training; of features it is half.
        neighbours: Of each node; fewer where there are fewer training items.
        layers: How many times messages pass.
        temperature: Of the contrast at the start; it is learnt.
        smoothing: Share of the contrast's target that is spread over all texts of a batch.
        class_share: Share of the loss that draws items of one class together; used if `fit` is given labels.
        epochs: At most.
        batch_size: Images a step, at most; an epoch has three steps at least.
        learning_rate: At its peak.
        weight_decay: Of matrices.
        validation: Share of the images held out of the graph to tell when to stop; 0 to train to the end on all.
        patience: Epochs without a better score on them after which to stop.
        random_state: Seed.
        device: Where torch computes.

    Attributes:
        memory_: States of the training nodes, which new items hear.
    """

    memory_: Memory

    def __init__(
        self,
        dim: int = 512,
        hidden: int = 1024,
        dropout: float = 0.7,
        neighbours: int = 10,
        layers: int = 1,
        temperature: float = 0.05,
        smoothing: float = 0.1,
        class_share: float = 0.0,
        epochs: int = 40,
        batch_size: int = 2000,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.1,
        validation: float = 0.05,
        patience: int = 20,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.dim = dim
        self.hidden = hidden
        self.dropout = dropout
        self.neighbours = neighbours
        self.layers = layers
        self.temperature = temperature
        self.smoothing = smoothing
        self.class_share = class_share
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation = validation
        self.patience = patience
        self.random_state = random_state
        self.device = device

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_count("neighbours", self.neighbours)
        check_count("layers", self.layers)

    def _build(self, widths: tuple[int, ...]) -> ProjectorNetwork:
        messages = {f"message{i}_{view}": MessageLayer(self.dim) for i in range(self.layers) for view in range(2)}
        contrast = Contrast("softmax", self.temperature, self.smoothing)
        return ProjectorNetwork(self._projectors(widths), contrast=contrast, **messages)

    def _start(self, train: Items) -> None:
        refuse_without_labels(self.class_share, train)
        self._graph = Graph.of_items(train, self.network_.views(), self.neighbours)

    def _begin_epoch(self, train: Items) -> None:
        self.memory_ = self._remember(self.network_.eval(), train)
        self.network_.train()

    def _loss(self, batch: Batch) -> Tensor:
        codes = self._codes(self.network_, batch.rows)
        heard = [
            self._listen(self.network_, codes[view], self._graph.neighbours[view][drawn], self.memory_, view)
            for view, drawn in enumerate(batch.drawn)
        ]
        loss: Tensor = self.network_.others["contrast"](*heard, batch.labels, self.class_share)
        return loss

    def _listen(
        self, network: ProjectorNetwork, codes: Tensor, neighbours: Tensor, memory: Memory, view: int
    ) -> Tensor:
        """Return the states of nodes of a view, (B, D), after all messages from `neighbours`, (B, k)."""
        states = F.normalize(codes, dim=1)
        for layer, (own, across) in enumerate(zip(memory.own, memory.across, strict=True)):
            message = network.others[f"message{layer}_{view}"]
            states = message(states, own[view][neighbours], across[view][neighbours])
        return states

    @torch.no_grad()
    def _remember(self, network: ProjectorNetwork, train: Items) -> Memory:
        """Return what the training nodes say with the weights of this moment."""
        graph = self._graph
        states = tuple(F.normalize(codes, dim=1) for codes in self._codes(network, train.views))
        own, across = [], []
        for layer in range(self.layers):
            own.append(states)
            across.append(tuple(graph.paired(states, view) for view in range(2)))
            if layer + 1 < self.layers:
                states = tuple(self._after(network, layer, states[v], across[-1][v], v) for v in range(2))
        return Memory(graph.keys, tuple(own), tuple(across))

    def _after(self, network: ProjectorNetwork, layer: int, own: Tensor, across: Tensor, view: int) -> Tensor:
        """Return the states of all training nodes of a view, (rows, D), after a layer, some at a time."""
        message = network.others[f"message{layer}_{view}"]
        neighbours = self._graph.neighbours[view]
        parts = torch.arange(len(own), device=own.device).tensor_split(max(1, len(own) // self.batch_size))
        return torch.cat([message(own[part], own[neighbours[part]], across[neighbours[part]]) for part in parts])

    @torch.no_grad()
    def _score(self, network: ProjectorNetwork, train: Items, held: Items | None) -> float | None:
        if held is None:
            return None
        memory = self._remember(network, train)
        rows = held.first_rows()
        heard = tuple(self._listener(network, memory, view)(rows[view]) for view in range(2))
        return mean_reciprocal_rank(heard, held.labels)

    def _finish(self, train: Items) -> None:
        self.memory_ = self._remember(self.network_, train)
        del self._graph

    def projection(self, view: int) -> nn.Module:
        """Return the map of a view as a network."""
        self._check_fitted()
        return self._listener(self.network_, self.memory_, view)

    def _listener(self, network: ProjectorNetwork, memory: Memory, view: int) -> GraphProjection:
        """Return the map of a view that hears from a memory."""
        projector, keys = network.views()[view], memory.keys[view]
        sizes = {"layers": self.layers, "rows": len(keys), "neighbours": self.neighbours}
        with torch.device("meta"):  # all of it is taken from elsewhere
            made = GraphProjection(**projector.sizes(), **sizes)
        made.projector = projector
        made.messages = nn.ModuleList(network.others[f"message{layer}_{view}"] for layer in range(self.layers))
        made.register_buffer("keys", keys)
        for layer, (own, across) in enumerate(zip(memory.own, memory.across, strict=True)):
            made.register_buffer(f"own{layer}", own[view].half())
            made.register_buffer(f"across{layer}", across[view].half())
        return made.eval()

    def _tensors(self) -> dict[str, Tensor]:
        kept = {_MEMORY + name: tensor.cpu() for name, tensor in self.memory_.tensors().items()}
        return super()._tensors() | kept

    def _restore(self, tensors: Mapping[str, Tensor]) -> None:
        super()._restore({name: tensor for name, tensor in tensors.items() if not name.startswith(_MEMORY)})
        kept = {n.removeprefix(_MEMORY): t.to(self.device) for n, t in tensors.items() if n.startswith(_MEMORY)}
        self.memory_ = Memory.of_tensors(kept, self.layers)
