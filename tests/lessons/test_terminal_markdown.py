import pytest

from minitransfer.lessons.terminal_markdown import formula, terminal_markdown


@pytest.mark.parametrize(
    "latex, text",
    [
        (r"\frac{1}{m} \sum_{i=1}^{m} L(y_i, f_\theta(x_i))", "1/m Σᵢ₌₁ᵐ L(yᵢ, f_θ(xᵢ))"),
        (r"\hat{y} = \mathrm{softmax}(W^{(2)} h)", "y\u0302 = softmax(W⁽²⁾ h)"),
        (r"b_1 \dots b_5", "b₁ … b₅"),
        (r"\sqrt{x^2+1}", "√(x²+1)"),
        (r"\left\{0, 1\right\}^n", "{0, 1}ⁿ"),
        (r"H(y \mid x) \le \ln 2", "H(y | x) ≤ ln 2"),
        (r"x \leftarrow x - \eta \nabla_{\!x} L", "x ← x - η ∇ₓ L"),
    ],
)
def test_formula(latex, text):
    assert formula(latex) == text


def test_what_has_no_readable_form_stays_latex():
    assert formula(r"\underbrace{a}_{b}") == r"\underbrace{a}_{b}"


def test_displayed_formula_is_a_block():
    text = terminal_markdown("before\n\n$$\na \\\\\nb^2\n$$ (eq:one)\n\nafter")
    assert "```text\n  a\n  b²\n```" in text
    assert "eq:one" not in text


def test_code_is_left_alone():
    code = '```python\nprice = "$x$ and \\alpha"\n```'
    assert terminal_markdown(code) == code
    assert terminal_markdown("`$x_1$`") == "`$x_1$`"


def test_money_is_no_formula():
    assert terminal_markdown("costs $5 today") == "costs $5 today"


def test_directives_keep_title_and_text():
    text = terminal_markdown(":::{note} Mind\n:class: wide\nSome $x_1$ text.\n:::\n\nafter")
    assert "**Mind**" in text
    assert "Some `x₁` text." in text
    assert ":::" not in text
    assert "class" not in text


def test_nested_directives():
    text = terminal_markdown("::::{note} Outer\n:::{tip} Inner\nText.\n:::\n::::\n")
    assert "**Outer**" in text
    assert "**Inner**" in text
    assert ":" not in text


@pytest.mark.parametrize(
    "folded",
    [
        "<details><summary>Answer</summary>\n\nFour.\n</details>",
        ":::{dropdown} Answer\nFour.\n:::",
        "```{dropdown} Answer\nFour.\n```",
    ],
)
def test_answers_are_folded_until_asked_for(folded):
    assert "Four" not in terminal_markdown(folded)
    assert "▸ **Answer**" in terminal_markdown(folded)
    assert "Four." in terminal_markdown(folded, unfolded=True)


def test_roles_and_html_lose_their_marks():
    assert (
        terminal_markdown("see {doc}`03_hidden <x>` and <b>this</b>") == "see `03_hidden` and this"
    )
