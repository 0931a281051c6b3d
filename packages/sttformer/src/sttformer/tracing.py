"""Whether a call is traced or transformed, and not only computed."""

import torch


def is_transformed() -> bool:
    """Return whether torch.compile, torch.export or torch.func (grad, vmap, jacrev, ...) transforms the call.

    It must then consist of torch's own operations, and nothing may depend on the values of tensors.

    Example:
        >>> is_transformed()
        False
        >>> torch.func.grad(lambda x: x * is_transformed())(torch.tensor(1.0))
        tensor(1.)
    """
    # torch has no public name for the second; its own `autograd.Function.apply` asks the same.
    return torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()
