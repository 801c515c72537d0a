import pytest

from minitransfer.course import catalogue
from minitransfer.course.scripts import script_name, split_cells
from minitransfer.course.terminal_markdown import folded_answers, formula, terminal_markdown


@pytest.mark.parametrize(
    "latex, text",
    [
        (r"\frac{1}{m} \sum_{i=1}^{m} L(y_i, f_\theta(x_i))", "1/m Σᵢ₌₁ᵐ L(yᵢ, f_θ(xᵢ))"),
        (r"L\bigl(y_i, f_{\theta, w}(x_i)\bigr)", "L(yᵢ, f_(θ,w)(xᵢ))"),
        (r"y = \mathrm{softmax}(W^{(2)} h)", "y = softmax(W⁽²⁾ h)"),
        (r"b_1 \ldots b_5", "b₁ … b₅"),
        (r"\arg\min_{\theta,\, w} L(f_{\theta^*, w}(x))", "arg min_(θ,w) L(f_(θ*,w)(x))"),
        (r"n \cdot \frac{1}{3n} + \frac{3n}{2}", "n · 1/(3n) + 3n/2"),
        (r"\frac{\lambda}{L_i} - \frac{x_1}{10}", "λ/Lᵢ - x₁/10"),
        (r"-q\log_2 p - (1-q)\log_2(1-p)", "-q log₂ p - (1-q) log₂(1-p)"),
        (r"\text{row}[\text{shift}_\text{tap} + t]", "row[shiftₜₐₚ + t]"),
        (r"m_{\text{batch}}", "m_batch"),
        (r"\bigl(x - \frac{\lambda}{L}\bigr)", "(x - λ/L)"),
        (r"\sqrt{x^2+1}", "√(x²+1)"),
        (r"H(y \mid x) \le \ln 2", "H(y | x) ≤ ln 2"),
        (r"x \leftarrow x - \eta\, \nabla_x L", "x ← x - η ∇ₓ L"),
    ],
)
def test_formula(latex, text):
    assert formula(latex) == text


def test_what_has_no_readable_form_stays_latex():
    assert formula(r"\underbrace{a}_{b}") == r"\underbrace{a}_{b}"


SCRIPTS = [script for lesson in catalogue() for script in lesson.scripts]


@pytest.mark.parametrize("script", SCRIPTS, ids=script_name)
def test_every_formula_of_the_lessons_becomes_text(script):
    for cell in split_cells(script.read_text(encoding="utf-8")):
        if cell.kind == "markdown":
            text = terminal_markdown(cell.source) + folded_answers(cell.source)
            assert "\\" not in text, "a command that terminal_markdown does not know yet"
            assert "<details>" not in text


def test_displayed_formula_is_a_block():
    assert "\n```text\n  a b²\n```\n" in terminal_markdown("before\n\n$$\na\nb^2\n$$\n\nafter")


def test_code_is_left_alone():
    code = '```python\nprice = "$x$ and \\alpha"\n```'
    assert terminal_markdown(code) == code
    assert terminal_markdown("`$x_1$`") == "`$x_1$`"


def test_money_is_not_a_formula():
    assert terminal_markdown("costs $5 today") == "costs $5 today"


def test_answers_are_folded_until_asked_for():
    folded = "before\n\n<details>\n<summary>Answer</summary>\n\nFour.\n</details>"
    assert terminal_markdown(folded) == "before\n\n▸ **Answer** *(u unfolds)*"
    assert folded_answers(folded) == "▾ **Answer**\n\nFour."
    assert folded_answers("before") == ""
