"""What of PyTorch is not here, and what to use instead.

Public names are PyTorch's, so a reader may try one that does not exist. Then the error says what
to do: for the names that people try most by a row of `NOT_COVERED`, for whole kinds of names by a
row of `KINDS`. The page on PyTorch in the lesson folder shows both tables.
"""

import re

#: (where, name) -> what to use instead.
NOT_COVERED = {
    ("minitransfer", "jit"): "the kernels are compiled already; call the model itself",
    ("minitransfer", "autocast"): "there is no mixed precision; float32 is the default",
    ("minitransfer", "amp"): "there is no mixed precision; float32 is the default",
    (
        "minitransfer",
        "get_default_dtype",
    ): "float32 is the default; say dtype=float64 where you want it",
    (
        "minitransfer",
        "set_default_dtype",
    ): "float32 is the default; say dtype=float64 where you want it",
    (
        "minitransfer",
        "set_default_device",
    ): "there is one device, the processor; leave the line out",
    ("minitransfer", "set_printoptions"): "numpy.set_printoptions() holds for tensors, too",
    (
        "minitransfer",
        "set_float32_matmul_precision",
    ): "there is one product, and it is exact; leave it out",
    (
        "minitransfer",
        "use_deterministic_algorithms",
    ): "same seed, same bits holds always; leave it out",
    ("minitransfer", "FloatTensor"): "tensor(data, dtype=float32)",
    ("minitransfer", "LongTensor"): "tensor(data, dtype=int64)",
    ("minitransfer", "bfloat16"): "float32; float16 is there for storing",
    ("minitransfer", "vmap"): "layers accept leading axes; write the batch axis out",
    ("autograd", "grad"): "backward() of the loss, then grad of each tensor",
    ("autograd", "Variable"): "a tensor, which has been the same since PyTorch 0.4",
    ("autograd", "Function"): "@autograd.differentiable on a function that returns derivatives",
    ("autograd", "functional"): "backward(); derivatives of derivatives are not covered",
    ("autograd", "gradcheck"): "minitransfer.gradcheck",
    ("distributions", "Bernoulli"): "bernoulli(probs); binary_cross_entropy is minus its log_prob",
    ("distributions", "kl_divergence"): "functional.kl_div, or the formula of the two",
    ("minitransfer", "hub"): "zoo.load(name) loads networks that come with the library",
    ("minitransfer", "hstack"): "cat(tensors, 1), or cat(tensors) of vectors",
    ("minitransfer", "vstack"): "cat(tensors), or stack(tensors) of vectors",
    ("minitransfer", "dstack"): "cat(tensors, 2)",
    ("minitransfer", "logspace"): "10 ** linspace(start, end, steps)",
    ("minitransfer", "randint_like"): "randint(low, high, x.shape)",
    ("minitransfer", "initial_seed"): "say a seed: manual_seed(0)",
    ("minitransfer", "seed"): "say a seed: manual_seed(0)",
    ("minitransfer", "get_rng_state"): "default_generator().bit_generator.state",
    ("minitransfer", "set_rng_state"): "default_generator().bit_generator.state = state",
    ("minitransfer", "meshgrid"): "numpy.meshgrid of arrays",
    ("minitransfer", "histc"): "numpy.histogram(x.detach().numpy())",
    ("minitransfer", "cdist"): "(x[:, None] - y[None]).square().sum(-1).sqrt()",
    ("minitransfer", "Size"): "shapes are tuples",
    ("minitransfer", "channels_last"): "tensors are NumPy arrays, rows first; leave it out",
    ("minitransfer", "contiguous_format"): "tensors are NumPy arrays, rows first; leave it out",
    ("minitransfer", "preserve_format"): "tensors are NumPy arrays, rows first; leave it out",
    ("minitransfer", "strided"): "tensors are NumPy arrays; leave layout= out",
    ("Tensor", "half"): "there is no mixed precision; float32 is the default",
    ("Tensor", "bfloat16"): "there is no mixed precision; float32 is the default",
    ("Tensor", "register_hook"): "retain_grad() and then grad, or look at gradients before step()",
    ("Tensor", "scatter"): "index with an integer array: x = x.clone(); x[rows, columns] = values",
    ("Tensor", "scatter_"): "index with an integer array: x[rows, columns] = values",
    ("Tensor", "scatter_add_"): "functional.one_hot(index).T.float() @ values adds by index",
    ("Tensor", "scatter_add"): "functional.one_hot(index).T.float() @ values adds by index",
    ("Tensor", "select"): "x[i], x[:, i] and so on",
    ("Tensor", "index_add_"): "functional.one_hot(index).T.float() @ values adds by index",
    ("Tensor", "index_add"): "functional.one_hot(index).T.float() @ values adds by index",
    ("Tensor", "resize_"): "reshape(shape)",
    ("Tensor", "random_"): "copy_(minitransfer.randint(low, high, x.shape))",
    ("Tensor", "bernoulli_"): "copy_(minitransfer.bernoulli(p))",
    ("Tensor", "apply_"): "compute with operations on whole tensors",
    ("Tensor", "data_ptr"): "x.array is the NumPy array itself",
    ("Tensor", "storage"): "x.array is the NumPy array itself",
    ("Tensor", "untyped_storage"): "x.array is the NumPy array itself",
    ("Tensor", "stride"): "x.array.strides, in bytes",
    ("Tensor", "element_size"): "x.dtype.itemsize",
    ("Tensor", "nbytes"): "x.array.nbytes",
    ("Tensor", "unfold"): "index with slices or an integer array",
    ("Tensor", "as_strided"): "index with slices or an integer array",
    ("Tensor", "unflatten"): "reshape(shape)",
    ("Tensor", "median"): "numpy.median(x.detach().numpy())",
    ("Tensor", "quantile"): "numpy.quantile(x.detach().numpy(), q)",
    ("Tensor", "unique"): "numpy.unique(x.detach().numpy())",
    ("Tensor", "bincount"): "numpy.bincount(x.numpy())",
    ("Tensor", "addmm"): "x + a @ b",
    ("Tensor", "baddbmm"): "x + a @ b",
    ("Tensor", "addcmul"): "x + value * a * b",
    ("Tensor", "addcdiv"): "x + value * a / b",
    ("Tensor", "lerp"): "x + weight * (end - x)",
    ("Tensor", "count_nonzero"): "(x != 0).sum()",
    ("Tensor", "trace"): "x[i, i].sum() with i = arange(len(x))",
    ("Tensor", "diag"): "x[i, i] with i = arange(len(x)), or x * eye(n)",
    ("Tensor", "diagonal"): "x[i, i] with i = arange(len(x))",
    ("Tensor", "logical_xor"): "x.bool() != y.bool()",
    ("Module", "half"): "there is no mixed precision; float32 is the default",
    ("Module", "bfloat16"): "there is no mixed precision; float32 is the default",
    ("Module", "compile"): "the kernels are compiled already; call the model itself",
    (
        "Module",
        "register_forward_pre_hook",
    ): "change the input before the call, or wrap the layer in a module",
    ("Module", "register_full_backward_hook"): "look at gradients between backward() and step()",
    ("Module", "register_backward_hook"): "look at gradients between backward() and step()",
    ("Module", "share_memory"): "threads share a network as it is",
    ("Module", "to_empty"): "layers are made with numbers in them; leave the call out",
    ("Module", "type"): "float() or double()",
    ("device", "cuda"): 'everything runs on the processor; leave the call out, or say "cpu"',
    ("device", "mps"): 'everything runs on the processor; leave the call out, or say "cpu"',
    ("device", "meta"): "make the network with its numbers; there is no device without any",
    ("nn", "Conv3d"): "Conv1d and Conv2d are there",
    ("nn", "BatchNorm3d"): "BatchNorm1d and BatchNorm2d are there",
    ("nn", "InstanceNorm2d"): "GroupNorm with as many groups as channels, affine=False",
    ("nn", "DataParallel"): "kernels use the cores already; set_num_threads(n)",
    ("nn", "AdaptiveMaxPool2d"): "MaxPool2d with a fixed window",
    ("nn", "GLU"): "functional.glu in forward",
    ("nn", "CosineSimilarity"): "functional.cosine_similarity in forward",
    ("nn", "Bilinear"): 'einsum("bi,oij,bj->bo", x, weight, y) with a Parameter of your own',
    ("nn", "ParameterDict"): "plain attributes, each a Parameter",
    ("nn", "UpsamplingNearest2d"): "Upsample(scale_factor=2)",
    ("nn", "UpsamplingBilinear2d"): 'Upsample(scale_factor=2, mode="bilinear", align_corners=True)',
    ("nn", "Unflatten"): "reshape(shape) in forward",
    ("nn", "EmbeddingBag"): "Embedding, and mean or sum over the axis of words",
    ("nn.utils", "clip_grad_norm"): "clip_grad_norm_",
    ("nn.utils", "rnn"): "run the padded batch; y[lengths - 1, arange(n)] is each one's last step",
    ("functional", "upsample"): "interpolate",
    ("optim", "LBFGS"): "Adam with full batches comes closest",
    ("optim", "NAdam"): "Adam",
    ("optim", "RAdam"): "AdamW with warmup= in its schedule",
    ("optim", "Adamax"): "Adam",
    ("lr_scheduler", "MultiplicativeLR"): "Schedule(optimizer, function of the step)",
    ("lr_scheduler", "PolynomialLR"): "Schedule(optimizer, function of the step)",
    ("lr_scheduler", "CyclicLR"): "Schedule(optimizer, function of the step)",
    ("lr_scheduler", "CosineAnnealingWarmRestarts"): "Schedule(optimizer, function of the step)",
    (
        "lr_scheduler",
        "SequentialLR",
    ): "Schedule(optimizer, function of the step), or warmup= of any schedule",
    (
        "lr_scheduler",
        "ChainedScheduler",
    ): "several schedules of one optimiser multiply; call step() of each",
    ("utils", "tensorboard"): "train.fit returns a history, plots draws it",
    ("utils.data", "IterableDataset"): "an object with __len__ and __getitem__",
    (
        "utils.data",
        "WeightedRandomSampler",
    ): "index the data in the order that you want, as in data[order]",
    ("utils.data", "SubsetRandomSampler"): "Subset(data, indices) and shuffle=True",
}

#: Second names that PyTorch has for what is here under the first.
SAME = {
    "absolute": "abs", "multiply": "mul", "divide": "div", "true_divide": "div",
    "subtract": "sub", "negative": "neg", "greater": "gt", "greater_equal": "ge", "less": "lt",
    "less_equal": "le", "not_equal": "ne", "concatenate": "cat", "swapaxes": "transpose",
    "swapdims": "transpose", "moveaxis": "permute", "movedim": "permute", "fix": "trunc",
    "sgn": "sign", "clamp_min": "clamp", "clamp_max": "clamp", "ravel": "flatten",
    "nelement": "numel", "ndimension": "dim", "broadcast_to": "expand", "unsafe_split": "split",
    "unsafe_chunk": "chunk", "split_with_sizes": "split", "tile": "repeat",
    "scalar_tensor": "tensor", "asarray": "as_tensor",
}  # fmt: skip

#: Kinds of names: (what they are, how they look, what to use instead). The first that fits counts.
KINDS = [
    ("complex numbers", r"complex|^(real|imag|angle|polar|c(float|double|half)|view_as_real)$"
     r"|conj|adjoint|^m?H$|isreal|^resolve_", "NumPy has complex numbers"),
    ("sparse tensors", r"sparse|_coo|_cs[rc]|_bs[rc]|coalesce|^(c?row|c?col|ccol)_indices$|spmm"
     r"|dense_dim|^smm$", "scipy.sparse has them; tensors here hold every number"),
    ("numbers in few bits", r"quant|^q_|^qu?int|^(u?int[1-7]|bits|float8|float4|bfloat)|int_repr"
     r"|^qscheme$|^(char|short|byte|u?int16|int8|uint(32|64))$", "int32, int64, uint8, float16, "
     "float32 and float64 are there"),
    ("Fourier transforms", r"fft|stft|_window$|^signal$", "numpy.fft, on x.detach().numpy()"),
    ("recurrent networks", r"RNN|LSTM|GRU|rnn|lstm|gru_|^gru$", "RNN, GRU, LSTM and their "
     "cells are there"),
    ("attention and transformers", r"Transformer|Attention|attention", "nn.MultiheadAttention "
     "and functional.scaled_dot_product_attention are there"),
    ("patches and transposed convolution", r"[Cc]onv_?[Tt]ranspose|^conv_tbc$|^(F|f)old$|^Unfold$"
     r"|^unfold$", "ConvTranspose1d, ConvTranspose2d and Conv2d are there"),
    ("one and three dimensions", r"[13]d$|_[13]d_", "give the input an axis of size 1 and use the "
     "name that ends in 2d"),
    ("layers without sizes", r"^Lazy", "say how many numbers come in"),
    ("several machines and processes", r"istributed|DataParallel|^(ddp|rpc|multiprocessing)$"
     r"|worker|Worker|[Ss]ampler|share_memory|is_shared", "experiments.stored(full=2) measures in "
     "two processes"),
    ("other processors", r"^(xpu|mps|mtia|ipu|hpu|xla|vulkan|maia|meta|mkldnn|mkl|openmp|cudnn"
     r"|version)$|cud(a|nn)|^is_(cpu|xpu|mps|mtia|ipu|xla|vulkan|maia|meta|mkldnn)$|_mkldnn|miopen"
     r"|to_padded|pin(ned|_memory)|get_device|record_stream|Stream$|Event$", "everything runs on "
     "the processor; leave the line out"),
    ("compilers and tracing", r"jit|compil|dynamo|^(export|fx|onnx|func|library|ops|overrides)$"
     r"|script|trace|[Ss]ymInt|^sym_|^Sym|vmap|functorch|inductor|cond$|while_loop", "the kernels "
     "are compiled already; call the model itself"),
    ("linear algebra", r"linalg|^(svd|qr|eig|symeig|lstsq|lu|det|slogdet|logdet|inverse|pinverse"
     r"|cholesky|orgqr|ormqr|geqrf|kron|cross|matrix_(exp|power)|triangular_solve|solve|lobpcg|pca_"
     r"|trapz|trapezoid|chain_matmul|tensordot|cov|corrcoef|vdot|mv|addmv|addr|ger|inner"
     r"|tensorinv|tensorsolve|cholesky_\w+|lu_\w+|svd_\w+|pca_\w+|matrix_\w+|orthogonal_?)$",
     "matmul and einsum are there; numpy.linalg, on x.detach().numpy(), has the rest"),
    ("special functions", r"gamma|^(erfinv|erfc|i0|sinc|logit|xlogy|hypot|special|bessel|nextafter"
     r"|frexp|ldexp|gcd|lcm|heaviside|logaddexp2?|copysign|signbit|deg2rad|rad2deg|exp2|log10)$"
     r"|^a?r?c?(sin|cos|tan)h?2?$", "write it with exp, log and the like, or NumPy without a "
     "gradient"),
    ("losses", r"Loss$|_loss$|[Nn]LL|CosineSim|cosine_sim|PairwiseDist|pairwise_dist", "write the "
     "formula with operations on tensors; whatever it is, its gradient follows"),
    ("writing in place", r"_$", "write x = x.name(...), or copy_() under no_grad()"),
    ("activations", r"(LU|lu|[Ss]hrink|[Ss]ign|[Tt]hreshold|[Ss]oftm(ax|in)2?d?|Softmin)$|^glu$",
     "write the formula with operations on tensors; whatever it is, its gradient follows"),
    ("other windows and borders", r"[Pp]ool|[Pp]ad|[Ss]huffle|grid|Grid|Upsampl|affine|Channel",
     "Conv2d, MaxPool2d, AvgPool2d, functional.pad and interpolate are there"),
    ("other dropout and normalisation", r"[Dd]ropout|[Nn]orm", "Dropout, BatchNorm1d, BatchNorm2d, "
     "GroupNorm, LayerNorm and RMSNorm are there"),
    ("statistics and search", r"median|mode$|quantile|unique|hist|bincount|searchsorted|bucketize"
     r"|kthvalue|msort|cum(max|min)|nan(mean|sum)|aminmax|argwhere|count_nonzero|isin|diff$"
     r"|combinations|cartesian", "NumPy's function of that name, on x.detach().numpy()"),
]  # fmt: skip

#: The other names of PyTorch's tensors that are not here.
_TENSOR_NAMES = """
H abs_ absolute absolute_ acos acos_ acosh acosh_ addbmm addbmm_ addcdiv_ addcmul_ addmm_ addmv
addmv_ addr addr_ adjoint aminmax angle arccos arccos_ arccosh arccosh_ arcsin arcsin_ arcsinh
arcsinh_ arctan arctan2 arctan2_ arctan_ arctanh arctanh_ argwhere as_strided_ as_strided_scatter
as_subclass asin asin_ asinh asinh_ atan atan2 atan2_ atan_ atanh atanh_ baddbmm_ bitwise_and
bitwise_and_ bitwise_left_shift bitwise_left_shift_ bitwise_not bitwise_not_ bitwise_or
bitwise_or_ bitwise_right_shift bitwise_right_shift_ bitwise_xor bitwise_xor_ broadcast_to byte
cauchy_ ccol_indices cdouble ceil_ cfloat chalf char cholesky cholesky_inverse cholesky_solve
clamp_max clamp_max_ clamp_min clamp_min_ coalesce col_indices conj conj_physical conj_physical_
const_data_ptr copysign copysign_ corrcoef cos_ cosh cosh_ cov cross crow_indices cummax cummin
cumprod_ cumsum_ deg2rad deg2rad_ dense_dim dequantize det detach_ diag_embed diagflat
diagonal_scatter diff digamma digamma_ dim_order dist divide divide_ dsplit eig eq_ erf_ erfc
erfc_ erfinv erfinv_ exp2 exp2_ exp_ expm1_ exponential_ fill_diagonal_ fix fix_ fliplr flipud
float_power float_power_ floor_ floor_divide_ fmax fmin fmod fmod_ frac frac_ frexp gcd gcd_ ge_
geometric_ geqrf ger get_device grad_dtype greater greater_ greater_equal greater_equal_ gt_
hardshrink hash_tensor heaviside heaviside_ histc histogram hsplit hypot hypot_ i0 i0_ igamma
igamma_ igammac igammac_ imag index index_add index_copy index_copy_ index_fill index_fill_
index_put index_put_ index_reduce index_reduce_ indices inner int_repr inverse ipu is_coalesced
is_complex is_conj is_cpu is_distributed is_inference is_ipu is_maia is_meta is_mkldnn is_mps
is_mtia is_neg is_nested is_nonzero is_pinned is_quantized is_same_size is_set_to is_shared
is_signed is_sparse is_sparse_csr is_vulkan is_xla is_xpu isneginf isposinf isreal istft itemsize
kron kthvalue layout lcm lcm_ ldexp ldexp_ le_ lerp_ less less_ less_equal less_equal_ lgamma
lgamma_ log10_ log1p_ log2_ log_ log_normal_ logaddexp logaddexp2 logcumsumexp logdet logical_and_
logical_not_ logical_or_ logical_xor_ logit logit_ lstsq lt_ lu lu_solve mH map2_ map_
masked_scatter masked_scatter_ matrix_exp matrix_power mode module_load moveaxis movedim msort
mtia multiply multiply_ mv mvlgamma mvlgamma_ name nan_to_num nan_to_num_ nanmean nanmedian
nanquantile nansum narrow_copy ndimension ne_ neg_ negative negative_ nelement new
new_empty_strided nextafter nextafter_ nonzero_static not_equal not_equal_ orgqr ormqr output_nr
pin_memory pinverse polygamma polygamma_ positive pow_ prelu put put_ q_per_channel_axis
q_per_channel_scales q_per_channel_zero_points q_scale q_zero_point qr qscheme rad2deg rad2deg_
ravel real reciprocal_ record_stream register_post_accumulate_grad_hook reinforce relu_ remainder_
renorm renorm_ resize resize_as resize_as_ resize_as_sparse_ resolve_conj resolve_neg retains_grad
rot90 round_ row_indices rsqrt_ scatter_add scatter_reduce scatter_reduce_ select select_scatter
set_ sgn sgn_ share_memory_ short sigmoid_ sign_ signbit sin_ sinc sinc_ sinh sinh_ slice_inverse
slice_scatter slogdet smm solve sparse_dim sparse_mask sparse_resize_ sparse_resize_and_clear_
split_with_sizes sqrt_ square_ squeeze_ sspaddmm stft storage_offset storage_type subtract
subtract_ sum_to_size svd swapaxes swapaxes_ swapdims swapdims_ symeig t_ take take_along_dim tan_
tanh_ tensor_split tile to_dense to_mkldnn to_padded_tensor to_sparse to_sparse_bsc to_sparse_bsr
to_sparse_coo to_sparse_csc to_sparse_csr transpose_ triangular_solve tril_ triu_ true_divide
true_divide_ trunc_ unique_consecutive unsafe_chunk unsafe_split unsafe_split_with_sizes
unsqueeze_ values vdot volatile vsplit xlogy xlogy_ xpu
"""

#: The same of PyTorch's modules.
_MODULE_NAMES = """
T_destination call_super_init dump_patches get_buffer get_extra_state get_parameter ipu mtia
register_full_backward_pre_hook register_load_state_dict_post_hook
register_load_state_dict_pre_hook register_state_dict_post_hook register_state_dict_pre_hook
set_extra_state set_submodule xpu
"""

#: Arguments that PyTorch's functions have and these do not.
ARGUMENTS = {
    "out": "results are new tensors; write x = function(...)",
    "layout": "tensors are NumPy arrays, every number in its place; leave it out",
    "memory_format": "tensors are NumPy arrays, rows first; leave it out",
    "names": "axes have numbers and no names; leave it out",
    "pin_memory": "there is no second device to copy to; leave it out",
    "sparse_grad": "gradients hold every number; leave it out",
    "output_size": "the size follows from the rest; leave it out",
    "rounding_mode": 'x // y rounds down ("floor"); (x / y).long() cuts off ("trunc")',
    "create_graph": "derivatives of derivatives are not covered",
    "inputs": "requires_grad_(False) on what needs no gradient",
    "copy": "clone() makes a copy",
    "force": "x.detach().numpy()",
    "destination": "update your dictionary with state_dict()",
    "prefix": "put it before the names of state_dict()",
    "keep_vars": "named_parameters() yields the parameters themselves",
    "assign": "load_state_dict copies the numbers into the parameters that are there",
    "with_kwargs": "hooks are called with (module, inputs, output)",
    "always_call": "hooks are called after forward, not after an error",
    "prepend": "hooks are called in the order in which they were added",
}


def not_covered(where: str, name: str, kind: str | None = None) -> AttributeError:
    """Return the error for a name that is not here, with what to use instead.

    Args:
        where: the place the name was looked up in: "minitransfer", "Tensor", "nn", …
        name: the name.
        kind: what the table calls that place, where this differs ("Module" for any network).

    Example:
        >>> print(not_covered("nn", "Conv3d"))
        nn has no 'Conv3d'; instead: Conv1d and Conv2d are there
        >>> print(not_covered("minitransfer", "svd_lowrank"))
        minitransfer has no 'svd_lowrank' (linear algebra); instead: matmul and einsum ...
    """
    place = kind or where
    if place in ("cuda", "mps", "accelerator", "backends"):
        return AttributeError(
            f"{where} has no {name!r}; instead: everything runs on the processor, leave it out"
        )
    instead = NOT_COVERED.get((place, name)) or NOT_COVERED.get(("Tensor", name))
    if instead and (place in ("minitransfer", "Tensor") or (place, name) in NOT_COVERED):
        return AttributeError(f"{where} has no {name!r}; instead: {instead}")
    if place in ("minitransfer", "Tensor") and name in SAME:
        return AttributeError(f"{where} has no {name!r}; instead: {SAME[name]}")
    if place != "Module" or name in _MODULE_NAMES.split():
        for what, pattern, instead in KINDS:
            if re.search(pattern, name):
                return AttributeError(f"{where} has no {name!r} ({what}); instead: {instead}")
    if place == "Module" and name not in _MODULE_NAMES.split():
        return AttributeError(f"{where} has no {name!r}")
    return AttributeError(
        f"{where} has no {name!r}; what of PyTorch is covered, and what to use instead of the "
        "rest, stands in lessons/pytorch.md"
    )


def tensor_names(there) -> list[str]:
    """Names of PyTorch's tensors that a class has nothing for.

    Args:
        there: the names that the class has.

    Example:
        >>> "cholesky" in tensor_names([]), "half" in tensor_names(["half"])
        (True, False)
    """
    names = {name for where, name in NOT_COVERED if where == "Tensor"} | {*_TENSOR_NAMES.split()}
    return sorted(names - {*there})


class NotCovered:
    """Stands in a class for a name of PyTorch's that is not here; reading it says what to use.

    A ``__getattr__`` would need no such stand-ins, but a class that has one reads all of its
    attributes more slowly, and those of tensors are read some hundred times in a small step.

    Example:
        >>> class Tensor:
        ...     half = NotCovered("Tensor", "half")
        >>> Tensor().half
        Traceback (most recent call last):
            ...
        AttributeError: Tensor has no 'half'; instead: there is no mixed precision; ...
    """

    def __init__(self, where, name):
        self.where, self.name = where, name

    def __get__(self, instance, owner):
        raise not_covered(self.where, self.name)


# Arguments


def unknown_argument(function: str, name: str, takes) -> TypeError:
    """Return the error for an argument that a function does not take.

    Args:
        function: its name.
        name: the argument's name.
        takes: the names that it takes.

    Example:
        >>> print(unknown_argument("exp", "out", ["input"]))
        exp has no argument 'out': results are new tensors; write x = function(...)
        >>> print(unknown_argument("exp", "power", ["input"]))
        exp has no argument 'power'; it takes input
    """
    if name in ARGUMENTS:
        return TypeError(f"{function} has no argument {name!r}: {ARGUMENTS[name]}")
    return TypeError(f"{function} has no argument {name!r}; it takes {', '.join(takes)}")


def check_default(where: str, hint: str, **given) -> None:
    """Refuse another value than the only one that is covered.

    Args:
        where: the function or layer, for the message.
        hint: what to do instead.
        **given: argument -> (the value given, the one covered).

    Raises:
        ValueError: names the argument, both values and what to do.

    Example:
        >>> check_default("max_pool2d", "leave it out", dilation=(2, 1))
        Traceback (most recent call last):
            ...
        ValueError: max_pool2d: dilation=2 is not covered, only 1; leave it out
    """
    for name, (value, covered) in given.items():
        if value is not covered and value != covered:
            raise ValueError(f"{where}: {name}={value!r} is not covered, only {covered!r}; {hint}")


def what_was_given(thing) -> str:
    """Say what something is that was mistaken for something else, and why that will not do.

    Example:
        >>> what_was_given([1.0]), what_was_given(dict)
        ('list', 'the class dict, which has to be called first: dict(…)')
    """
    if thing is None:
        return "None"
    kind = thing if isinstance(thing, type) else type(thing)
    if from_pytorch(thing):
        return f"PyTorch's {kind.__name__}, which does not compute here: take minitransfer's"
    if isinstance(thing, type):
        return f"the class {kind.__name__}, which has to be called first: {kind.__name__}(…)"
    return kind.__name__


def from_pytorch(thing) -> bool:
    """Whether something is PyTorch's, or made of a class of PyTorch's.

    Example:
        >>> from_pytorch(1.0)
        False
    """
    kind = thing if isinstance(thing, type) else type(thing)
    return any(base.__module__.split(".")[0] == "torch" for base in kind.__mro__)


class NoTensor(TypeError):
    """A layer or an operation was given something else than a tensor, a list for instance."""


def explain_no_tensor(who: str, error: Exception, suspects) -> None:
    """Say better what went wrong, if the cause was that something else than a tensor was given.

    To be called where an error has happened, so that what goes well costs nothing.

    Args:
        who: the layer or the operation.
        error: what happened.
        suspects: what may be no tensor.

    Raises:
        NoTensor: if one of the suspects is a list, a tuple or PyTorch's.

    Example:
        >>> explain_no_tensor("relu", AttributeError("no shape"), [[1.0, 2.0]])
        Traceback (most recent call last):
            ...
        minitransfer.not_covered.NoTensor: relu takes tensors; given list.
        minitransfer.tensor(x) makes one
    """
    if isinstance(error, NoTensor):
        return
    for x in suspects:
        if isinstance(x, (list, tuple)) or from_pytorch(x):
            raise NoTensor(
                f"{who} takes tensors; given {what_was_given(x)}. minitransfer.tensor(x) makes one"
            ) from error
