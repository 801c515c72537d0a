"""Markdown for the terminal: formulas become text, and answers fold away.

Rich renders the rest. It eats backslashes and knows no HTML, so both are rewritten before. What
stands here is what the lessons use; a formula with any other command is shown as it is written.
"""

import re

_TABLE = """
alpha α beta β gamma γ delta δ epsilon ε eta η theta θ lambda λ mu μ rho ρ sigma σ tau τ phi φ
sum Σ cdot · times × pm ± le ≤ ge ≥ ne ≠ approx ≈ in ∈ to → leftarrow ← partial ∂ nabla ∇ infty ∞
ldots … top ᵀ mid | lVert ‖ rVert ‖ log log ln ln exp exp max max min min arg arg tanh tanh
"""
#: Commands of LaTeX and the signs or names they stand for.
_SIGNS = dict(zip(_TABLE.split()[::2], _TABLE.split()[1::2], strict=True))
_RAISED = str.maketrans(
    "0123456789+-=()abcdefghijklmnoprstuvwxyzT′*ᵀ",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ′*ᵀ",
)
_LOWERED = str.maketrans("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")

_CODE = re.compile(r"^```.*?^```[ \t]*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_DETAILS = re.compile(
    r"^<details>\s*<summary>(.*?)</summary>\s*(.*?)\s*</details>[ \t]*$", re.MULTILINE | re.DOTALL
)


def terminal_markdown(text: str) -> str:
    """Rewrite formulas into plain Markdown, and leave out what is folded away.

    Args:
        text: Markdown as the site and the notebook read it.

    Returns:
        Markdown for the terminal; formulas stand in it as code.

    Example:
        >>> terminal_markdown(r"the loss $L = \\frac{1}{m}\\sum_i L_i$ falls")
        'the loss `L = 1/m Σᵢ Lᵢ` falls'
        >>> terminal_markdown("<details><summary>Answer</summary>Two.</details>")
        '▸ **Answer** *(u unfolds)*'
    """
    return _without_latex(_DETAILS.sub(r"▸ **\1** *(u unfolds)*", text))


def folded_answers(text: str) -> str:
    """Return what a cell folds away, and nothing else of it, as Markdown for the terminal.

    Example:
        >>> folded_answers("How many?\\n<details><summary>Answer</summary>$2^2$</details>")
        '▾ **Answer**\\n\\n`2²`'
    """
    folded = (f"▾ **{title}**\n\n{answer}" for title, answer in _DETAILS.findall(text))
    return _without_latex("\n\n".join(folded))


def _without_latex(text):
    parts, end = [], 0
    for code in _CODE.finditer(text):  # code stays as it is
        parts += [_with_formulas(text[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, _with_formulas(text[end:])])


def _with_formulas(text):
    displayed = re.compile(r"^\$\$(.+?)\$\$ *$", re.MULTILINE | re.DOTALL)
    text = displayed.sub(lambda m: f"\n```text\n  {formula(m[1])}\n```\n", text)
    return re.sub(r"(?<![\w$\\])\$([^$\n]+(?:\n[^$\n]+)?)\$", lambda m: f"`{formula(m[1])}`", text)


def formula(latex: str) -> str:
    r"""Write a formula as text, or give it back as it is where that would not be readable.

    Example:
        >>> formula(r"\frac{\lambda}{2} \sum_j w_j^2, \quad \text{for all } \theta")
        'λ/2 Σⱼ wⱼ², for all θ'
    """
    text = re.sub(r"\\(?:bigl|bigr|left|right)\b", "", latex)
    text = re.sub(r"\\(?:[,;]|q?quad(?![a-zA-Z]))", " ", text)
    text = re.sub(r"([_^])\\(?:mathrm|text) *(\{[^{}]*\})", r"\1\2", text)  # the name of a mark
    text = re.sub(r"\\(?:mathrm|text) *\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"(?<=[\w)])\\(log|ln|exp|max|min|tanh)(?![a-zA-Z])", r" \\\1", text)
    text = re.sub(r"\\([a-zA-Z]+)", lambda m: _SIGNS.get(m[1], m[0]), text)
    for _ in range(3):  # from the inside outwards; a bracket after a mark is one of ours
        text = re.sub(r"_(?:\{([^{}]*)\}|([^\s{}\\(]))", lambda m: _shifted(m, "_", _LOWERED), text)
        text = re.sub(r"\^(?:\{([^{}]*)\}|([^\s{}\\(]))", lambda m: _shifted(m, "^", _RAISED), text)
        text = re.sub(
            r"\\frac *\{([^{}]*)\} *\{([^{}]*)\}",
            lambda m: f"{_bracketed(m[1])}/{_bracketed(m[2], below=True)} ",
            text,
        )
        text = re.sub(r"\\sqrt *\{([^{}]*)\}", lambda m: f"√{_bracketed(m[1])}", text)
    if "\\" in text:
        return latex.strip()
    words = text.replace("{", "").replace("}", "").split()
    return re.sub(r" ([).,])", r"\1", " ".join(words))


def _shifted(found, mark, table):
    """Digits and some letters have raised and lowered forms; others keep their mark."""
    inside = (found[1] if found[1] is not None else found[2]).replace(" ", "")
    if all(ord(letter) in table for letter in inside):
        return inside.translate(table)
    word = inside.isalpha() and inside.isascii()
    return f"{mark}{inside}" if word or len(inside) == 1 else f"{mark}({inside})"


def _bracketed(text, below=False):
    """In brackets, unless it is one number or name; below a stroke 3n would be read as n thirds."""
    text = text.strip()
    single = r"[\d.]+|[^\W\d][\w′]*" if below else r"[\w.′]+"
    return text if re.fullmatch(rf"(?:{single})[ₐ-ₜ₀-₉⁰-ⁿ²³¹]*", text) else f"({text})"
