"""How strongly two sets of codes correlate."""

import torch
from torch import Tensor


def total_correlation(first: Tensor, second: Tensor, ridge: float) -> Tensor:
    """Return the sum of the canonical correlations of two sets of codes (deep CCA: Andrew et al., ICML 2013).

    That is the sum of the singular values of (S₁ + rI)^-½ C (S₂ + rI)^-½; its gradient goes through them. Cholesky
    factors take the place of the roots: that turns the matrix but leaves its singular values.

    Args:
        first: (B, K), B > K.
        second: (B, L), B > L.
        ridge: Share of the mean variance that is added to every variance, above 0.

    Returns:
        Scalar, from 0 to min(K, L); computed in float64.
    """
    first, second = first.double(), second.double()
    first, second = first - first.mean(0), second - second.mean(0)
    left, right = _factor(first, ridge), _factor(second, ridge)
    cross = first.T @ second / len(first)  # (K, L)
    half = torch.linalg.solve_triangular(left, cross, upper=False)
    whole = torch.linalg.solve_triangular(right, half.T, upper=False)  # (L, K)
    total: Tensor = torch.linalg.matrix_norm(whole, "nuc")
    return total


def _factor(codes: Tensor, ridge: float) -> Tensor:
    """Return the Cholesky factor of the covariance of centred codes (B, K), with a ridge."""
    covariance = codes.T @ codes / len(codes)
    size = len(covariance)
    # Codes that do not vary at all would leave nothing to factor.
    added = (ridge * covariance.trace() / size).clamp(min=1e-12)
    identity = torch.eye(size, dtype=codes.dtype, device=codes.device)
    factor: Tensor = torch.linalg.cholesky(covariance + added * identity)
    return factor
