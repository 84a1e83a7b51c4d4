"""The device that JAX computes on: whether it is there, and what to say when its memory is full."""


class DeviceUnavailable(RuntimeError):
    """JAX cannot start the device that it was asked for; the message says what to do."""


def check_device() -> None:
    """Start JAX's device.

    Raises:
        DeviceUnavailable: if JAX_PLATFORMS names one that is not there, or its driver fails.
    """
    import jax

    try:
        jax.devices()
    # An assertion where JAX_PLATFORMS=cuda, and no NVIDIA GPU is visible.
    except (RuntimeError, AssertionError) as error:
        asked = jax.config.jax_platforms  # type: ignore[attr-defined] # JAX adds it at run time
        raise DeviceUnavailable(
            f"JAX cannot start its device, JAX_PLATFORMS={asked or 'not set'}: "
            f"{str(error) or 'there is none such'}. "
            "Unset JAX_PLATFORMS to compute on what there is, or set JAX_PLATFORMS=cpu; for an "
            "NVIDIA GPU install `jntk-viz[gpu]` and a driver for CUDA 12"
        ) from error


def out_of_memory(error: BaseException) -> str:
    """What to do about an exception if it says that memory was not enough; else an empty text.

    XLA reports it as a status, RESOURCE_EXHAUSTED, whatever the device; NumPy as a MemoryError.
    """
    import jax

    if isinstance(error, MemoryError):
        place = "this machine"
    elif isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" in str(error):
        device = jax.devices()[0]
        place = f"the device ({device.platform}, {device.device_kind})"
    else:
        return ""
    return (
        f"Not enough memory on {place}. Reduce the width, the number of networks or the number of "
        "points, or close other programs that use it."
    )
