"""Beginning a descent where CCA ends."""

import torch

from mmsearch.alignment.cca import CCA
from mmsearch.alignment.items import Items, owners_of
from mmsearch.nets.projectors import ProjectorNetwork

RIDGES = (1.0, 0.1)  # of images and texts
KEPT = 0.1  # how much of its random start the residual keeps beside a linear part that is CCA


@torch.no_grad()
def begin_as_cca(network: ProjectorNetwork, train: Items, dim: int) -> None:
    """Set the linear parts to CCA, columns beyond its components to 0, and make the residuals small.

    Args:
        network: With two projectors that hold the mean and deviation of the training data.
        train: What CCA is fitted on.
        dim: Columns of the codes.
    """
    image, text = (
        projector.standardise(view).cpu().numpy() for projector, view in zip(network.views(), train.views, strict=True)
    )
    cca = CCA(dim, *RIDGES).fit(image, text, owner=owners_of(train, 1))
    for projector, weights in zip(network.views(), (cca.image_weights_, cca.text_weights_), strict=True):
        found = torch.from_numpy(weights * cca.correlations_).T  # (k, d)
        projector.linear.weight.zero_()[: len(found)] = found
        projector.linear.bias.zero_()
        if projector.residual is not None:
            for parameter in projector.residual[-1].parameters():
                parameter.mul_(KEPT)
