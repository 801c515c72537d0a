"""How the output of a cell becomes part of a page."""

import re

from docutils import nodes
from myst_nb.core.render import NbElementRenderer

#: The name under which `pyproject.toml` tells MyST-NB of `Renderer`.
PLUGIN = "minitransfer"

#: Pixels from which on a figure is not shrunk to the width of a phone, but scrolls.
WIDE = 600


class Renderer(NbElementRenderer):
    """MyST-NB's own, but a figure brings its words for those who cannot see it."""

    def render_image(self, data) -> list[nodes.Element]:
        """Return the figure with the alternative text that the cell gave it."""
        found = super().render_image(data)
        said = data.output_metadata.get("alt") or data.output_metadata.get(data.mime_type, {}).get(
            "alt"
        )
        for node in found:
            if said:
                node["alt"] = said
            if int(re.sub(r"\D", "", node.get("width", "")) or 0) > WIDE:
                node["classes"].append("wide")
        return found
