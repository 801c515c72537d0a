"""Tasks that pictures set by themselves, and what each is trained to do."""

import numpy as np
import pytest

from minitransfer import Tensor, nn, optim
from minitransfer.data import Dataset
from minitransfer.gradient_check import gradcheck
from minitransfer.train import fit
from minitransfer.transfer import SideBySide, VICReg, hide_patches, quarter_turns, two_views


def vicreg_by_the_paper(z, weights=(25, 25, 1)):
    """The equations of Bardes et al. (2022), in NumPy, feature by feature."""
    a, b = z[:, 0], z[:, 1]
    d = a.shape[1]
    loss = weights[0] * ((a - b) ** 2).mean()
    for view in (a, b):
        covariance = np.cov(view, rowvar=False)
        spread = np.sqrt(np.diag(covariance) + 1e-4)
        loss += weights[1] * np.maximum(0, 1 - spread).mean()
        loss += weights[2] * (covariance[~np.eye(d, dtype=bool)] ** 2).sum() / d
    return loss


def test_vicreg_is_what_the_paper_says(rng):
    z = 0.5 * rng.standard_normal((9, 2, 4))
    assert VICReg()(Tensor(z)).item() == pytest.approx(vicreg_by_the_paper(z))
    weights = (1.0, 2.0, 3.0)
    assert VICReg(*weights)(Tensor(z)).item() == pytest.approx(vicreg_by_the_paper(z, weights))


def test_vicreg_has_the_right_gradient(rng):
    views = Tensor(0.5 * rng.standard_normal((5, 2, 3)), requires_grad=True)
    assert gradcheck(VICReg(), [views])


def test_collapse_costs(rng):
    collapsed = np.repeat(rng.standard_normal((1, 2, 4)), 8, axis=0)
    spread = rng.standard_normal((8, 1, 4)).repeat(2, axis=1) * 2
    only_alike, whole = VICReg(variance=0, covariance=0), VICReg(covariance=0)
    collapsed[:, 1] = collapsed[:, 0]
    assert only_alike(Tensor(collapsed)).item() == pytest.approx(0)
    assert whole(Tensor(collapsed)).item() > whole(Tensor(spread)).item()


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 2), (1, 2, 3)])
def test_vicreg_takes_two_views(shape):
    with pytest.raises(ValueError, match=r"two views"):
        VICReg()(Tensor(np.ones(shape)))


def test_a_negative_weight():
    with pytest.raises(ValueError, match=r"variance is 0 or greater; given -1"):
        VICReg(variance=-1)


def test_quarter_turns(rng):
    x = rng.integers(0, 255, (3, 1, 5, 5)).astype(np.uint8)
    turned = quarter_turns(Dataset(x, [7, 8, 9], input_type="image"))
    assert turned.x.dtype == np.uint8
    assert turned.input_type == "image"
    assert turned.y.tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    np.testing.assert_array_equal(turned.x[:3], x)
    np.testing.assert_array_equal(turned.x[6:9], x[..., ::-1, ::-1])
    np.testing.assert_array_equal(np.rot90(turned.x[3:6], -1, axes=(2, 3)), x)


def test_only_squares_can_be_turned():
    with pytest.raises(ValueError, match="square"):
        quarter_turns(np.ones((2, 1, 4, 5)))


@pytest.mark.parametrize("share", [0, 0.25, 1])
def test_hidden_squares(rng, share):
    x = rng.random((6, 2, 12, 8)).astype(np.float32) + 1
    hidden = hide_patches(x, rng, side=4, share=share)
    seen = hidden != 0
    assert hidden.dtype == np.float32
    np.testing.assert_array_equal(hidden[seen], x[seen])
    blocks = seen.reshape(6, 2, 3, 4, 2, 4)
    whole = blocks.all((3, 5))
    np.testing.assert_array_equal(whole, blocks.any((3, 5)))  # a square is hidden whole
    assert (whole.sum((2, 3)) == 6 - round(share * 6)).all()
    np.testing.assert_array_equal(whole[:, 0], whole[:, 1])  # in all channels


@pytest.mark.parametrize(
    "options, message", [({"side": 5}, "squares of 5"), ({"share": 2}, "0 to 1; given 2")]
)
def test_squares_that_do_not_fit(rng, options, message):
    with pytest.raises(ValueError, match=message):
        hide_patches(np.ones((1, 1, 28, 28)), rng, **options)


def test_views_differ_and_stand_side_by_side(rng):
    def noisy(x, generator):
        return x + generator.random(x.shape)

    x = rng.random((4, 1, 6, 6))
    views = two_views(noisy)(x, rng)
    assert views.shape == (4, 2, 6, 6)
    assert (views[:, 0] != views[:, 1]).all()
    assert ((views - x) >= 0).all()


def test_side_by_side_is_the_body_on_each_view(rng):
    body, projector = nn.Flatten(), nn.Linear(9, 2, generator=rng)
    views = Tensor(rng.standard_normal((4, 2, 3, 3)).astype(np.float32))
    both = SideBySide(body, projector)(views)
    alone = projector(views[:, 1].reshape(4, 9))
    np.testing.assert_allclose(both.detach().numpy()[:, 1], alone.detach().numpy(), rtol=1e-6)


def test_views_of_one_picture_end_nearer_than_those_of_two(rng):
    """Trained as the lesson does it: through fit, with a transform."""

    def noisy(x, generator):
        return x + 0.3 * generator.standard_normal(x.shape, dtype=np.float32)

    x = rng.standard_normal((64, 1, 4, 4)).astype(np.float32)
    body = nn.Sequential(nn.Flatten(), nn.Linear(16, 16, generator=rng), nn.ReLU())
    net = SideBySide(body, nn.Linear(16, 8, generator=rng))
    history = fit(net, (x, np.zeros(64)), loss=VICReg(), transform=two_views(noisy), steps=150,
                  optimizer=optim.Adam(net.parameters(), lr=1e-2), generator=rng)  # fmt: skip
    assert np.mean(history.step_losses[-10:]) < 0.6 * np.mean(history.step_losses[:10])
    z = net(Tensor(two_views(noisy)(x, rng))).detach().numpy()
    same = ((z[:, 0] - z[:, 1]) ** 2).mean()
    other = ((z[:, 0] - np.roll(z[:, 1], 1, 0)) ** 2).mean()
    assert same < other / 3
