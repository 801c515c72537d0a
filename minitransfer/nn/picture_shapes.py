"""What to do about a picture that has another shape than a network takes."""


def how_to_bring(given: tuple, wanted: tuple, one_example: bool = True) -> str:
    """Say how pictures of one shape become those of another, as one would write it.

    Args:
        given: shape of one picture as it came, without the axis of the batch.
        wanted: (channels, height, width); None where any size will do.
        one_example: whether `given` is surely one example; else it may be the whole batch, which
            somebody gave without its axis, or one example, which has to become a batch of one.

    Returns:
        Half a sentence, or "" if nothing suggests itself.

    Example:
        >>> how_to_bring((28, 28, 3), (1, 28, 28))
        'the channels stand last: x.transpose(0, 3, 1, 2) brings them to the front, and
        .mean(axis=1, keepdims=True) after it makes colours grey'
        >>> how_to_bring((28, 28), (1, 28, 28))
        'the axis of the channels is missing: x[:, None]'
    """
    channels, height, width = wanted
    grey = ".mean(axis=1, keepdims=True)"
    if len(given) == 3 and not one_example:
        if given[0] == channels:
            return "this is one picture, and a batch is expected: x[None]"
        return "the axis of the channels is missing: x[:, None]" if channels == 1 else ""
    if len(given) == 3 and given[2] in (1, 3, 4) and given[0] not in (1, 3, 4):
        advice = "the channels stand last: x.transpose(0, 3, 1, 2) brings them to the front"
        if given[2] != channels and channels == 1:
            advice += f", and {grey} after it makes colours grey"
        return advice
    if len(given) == 3 and given[0] != channels:
        if given[0] == 3 and channels == 1:
            return f"the pictures are coloured and the network takes grey ones: x{grey}"
        if given[0] == 1 and channels == 3:
            return "the pictures are grey and the network takes coloured ones: x.repeat(3, axis=1)"
        if given[0] == 4 and channels in (1, 3):
            return (
                "the fourth channel is transparency: lay the pictures on white, as "
                "minitransfer.pictures.decode does with files"
            )
    if len(given) == 2 and not one_example:
        return f"if these are flattened pictures, x.reshape(-1, {channels}, height, width)"
    if len(given) == 2:
        return "the axis of the channels is missing: x[:, None]"
    if len(given) == 1 and height is not None and given[0] == channels * height * width:
        return f"the pictures are flattened: x.reshape(-1, {channels}, {height}, {width})"
    if len(given) == 3 and height is not None and given[1:] != (height, width):
        return (
            "bring them to that size (resize, crop or pad): minitransfer.pictures.decode reads "
            f"files so, nn.functional.interpolate(x, ({height}, {width}), mode='bilinear') resizes "
            "tensors"
        )
    return ""
