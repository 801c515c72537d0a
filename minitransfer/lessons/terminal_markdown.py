"""Markdown for the terminal: what its renderer does not know is rewritten first.

Rich renders plain Markdown. It eats backslashes, so mathematics has to become text before, and it
knows no directives and no HTML.
"""

import re

_TABLE = """
alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ
mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω Gamma Γ
Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω sum Σ prod ∏ int ∫ partial ∂
nabla ∇ infty ∞ cdot · times × pm ± odot ⊙ oplus ⊕ circ ∘ ast * star * le ≤ leq ≤ ge ≥ geq ≥
ne ≠ neq ≠ approx ≈ equiv ≡ sim ~ propto ∝ ll ≪ gg ≫ in ∈ notin ∉ subset ⊂ cup ∪ cap ∩ to →
rightarrow → mapsto ↦ leftarrow ← gets ← Rightarrow ⇒ iff ⇔ forall ∀ exists ∃ ldots … dots …
cdots … top ᵀ mid | ell ℓ lVert ‖ rVert ‖ Vert ‖ | ‖ lfloor ⌊ rfloor ⌋ langle ⟨ rangle ⟩
log log ln ln exp exp max max min min arg arg sin sin cos cos tanh tanh dim dim det det Pr Pr
"""
#: Commands of LaTeX and the signs or names they stand for.
_SIGNS = dict(zip(_TABLE.split()[::2], _TABLE.split()[1::2], strict=True))
_RAISED = str.maketrans(
    "0123456789+-=()abcdefghijklmnoprstuvwxyzT′*ᵀ",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ′*ᵀ",
)
_LOWERED = str.maketrans("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_HATS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "vec": "\u20d7", "dot": "\u0307"}

_DISPLAYED = re.compile(
    r"^\$\$(.+?)\$\$(?: *\([\w:-]+\))? *$"
    r"|^(\\begin\{((?:align|gather|equation|multline)\*?)\}.+?\\end\{\3\}) *$",
    re.MULTILINE | re.DOTALL,
)
_CODE = re.compile(r"^(```|~~~)(?!\{).*?^\1[ \t]*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_DETAILS = re.compile(
    r"^<details>\s*<summary>(.*?)</summary>(.*?)</details>[ \t]*$", re.MULTILINE | re.DOTALL
)
_DIRECTIVE = re.compile(
    r"^(:{3,}|`{3,})\{([\w-]+)\} *(.*?)\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL
)


def terminal_markdown(text: str, unfolded: bool = False) -> str:
    """Rewrite mathematics, directives and folded answers into plain Markdown.

    Args:
        text: Markdown as the site and the notebook read it.
        unfolded: whether to show what ``<details>`` or a dropdown folds away.

    Returns:
        Markdown for the terminal. Formulas that have no readable form as text stay LaTeX, shown
        as code.

    Example:
        >>> terminal_markdown(r"the loss $L = \\frac{1}{m}\\sum_i L_i$ falls")
        'the loss `L = 1/m Σᵢ Lᵢ` falls'
        >>> terminal_markdown("<details><summary>Answer</summary>Two.</details>")
        '▸ **Answer** *(u unfolds)*'
    """
    text = _DETAILS.sub(lambda m: _folded(m[1], m[2], unfolded), text)
    while (plain := _DIRECTIVE.sub(lambda m: _directive(m, unfolded), text)) != text:
        text = plain  # once more, for what stood within a directive
    text = re.sub(r"\{([\w:-]+)\}`([^`<]+?)(?: *<[^`]*>)?`", _role, text)
    parts, end = [], 0
    for code in _CODE.finditer(text):  # code stays as it is
        parts += [_rewrite(text[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, _rewrite(text[end:])])


def _folded(title, inside, unfolded):
    title = title.strip() or "More"
    if not unfolded:
        return f"▸ **{title}** *(u unfolds)*"
    return f"▾ **{title}**\n\n{inside.strip()}"


def _directive(found, unfolded):
    """A block such as ``:::{note} Title``: its title in bold, its options dropped."""
    _, name, title, inside = found.groups()
    if name == "math":
        return _displayed(inside)
    inside = re.sub(r"^:[\w-]+:.*\n", "", inside, flags=re.MULTILINE)
    if name in ("dropdown", "toggle"):
        return _folded(title, inside, unfolded)
    return f"**{title.strip() or name.capitalize()}**\n\n{inside.strip()}\n"


def _role(found):
    return f"`{formula(found[2]) if found[1] == 'math' else found[2]}`"


def _rewrite(text):
    text = _DISPLAYED.sub(lambda m: _displayed(m[1] or m[2]), text)
    text = re.sub(r"(?<![\w$\\])\$([^$\n]+(?:\n[^$\n]+)?)\$", lambda m: f"`{formula(m[1])}`", text)
    text = re.sub(r"^\([\w:-]+\)=[ \t]*$", "", text, flags=re.MULTILINE)  # targets of references
    return re.sub(r"</?[a-zA-Z][^>\n]*>", "", text)


def _displayed(latex):
    """A formula on a line of its own, as a block of text."""
    latex = re.sub(r"\\(?:begin|end)\{[a-z]+\*?\}", "", latex).strip()
    lines = [formula(line) for line in re.split(r"\\\\", latex)]
    return "\n```text\n" + "\n".join(f"  {line}" for line in lines if line) + "\n```\n"


def formula(latex: str) -> str:
    r"""Write a formula as text, or give it back as it is where that would not be readable.

    Example:
        >>> formula(r"\frac{\lambda}{2} \sum_j w_j^2, \quad \theta \in \mathbb{R}^n")
        'λ/2 Σⱼ wⱼ², θ ∈ Rⁿ'
    """
    text = re.sub(r"\\(?:left|right|big|Big|bigl|bigr|displaystyle|limits|nonumber)\b", "", latex)
    text = re.sub(r"\\label\{[^}]*\}|&", "", text)
    text = re.sub(r"\\[,;:!> ]|\\\n|~", " ", text)
    text = re.sub(r"\\(?:math\w+|text\w*|operatorname\*?|boldsymbol|bm) *\{([^{}]*)\}", r"\1", text)
    hats = "|".join(_HATS)
    text = re.sub(
        rf"\\({hats})(?![a-zA-Z]) *(?:\{{(\w)\}}|(\w))",
        lambda m: (m[2] or m[3]) + _HATS[m[1]],
        text,
    )
    text = re.sub(r"\\q?quad(?![a-zA-Z])", " ", text)
    text = re.sub(r"\\([a-zA-Z]+|\|)", lambda m: _SIGNS.get(m[1], m[0]), text)
    for _ in range(3):  # from the inside outwards
        text = re.sub(r"_(?:\{([^{}]*)\}|([^\s{}\\]))", lambda m: _shifted(m, "_", _LOWERED), text)
        text = re.sub(r"\^(?:\{([^{}]*)\}|([^\s{}\\]))", lambda m: _shifted(m, "^", _RAISED), text)
        text = re.sub(
            r"\\[dt]?frac *\{([^{}]*)\} *\{([^{}]*)\}",
            lambda m: f"{_bracketed(m[1])}/{_bracketed(m[2])} ",
            text,
        )
        text = re.sub(r"\\sqrt *\{([^{}]*)\}", lambda m: f"√{_bracketed(m[1])}", text)
    text = re.sub(r"\\([{}%#])", lambda m: {"{": "⦃", "}": "⦄"}.get(m[1], m[1]), text)
    if "\\" in text:
        return latex.strip()
    text = text.replace("{", "").replace("}", "").replace("⦃", "{").replace("⦄", "}")
    return " ".join(text.split())


def _shifted(found, mark, table):
    """Digits and some letters have raised and lowered forms; others keep their mark."""
    inside = (found[1] if found[1] is not None else found[2]).replace(" ", "")
    if all(ord(letter) in table for letter in inside):
        return inside.translate(table)
    return f"{mark}({inside})" if len(inside) > 1 else f"{mark}{inside}"


def _bracketed(text):
    text = text.strip()
    return text if re.fullmatch(r"[\w.′ₐ-ₜ⁰-ⁿ]+", text) else f"({text})"
