"""Sphinx's settings for the site; `building` calls it with the folders."""

import logging

import minitransfer
from minitransfer.site import rendering, running

logging.getLogger("traitlets").setLevel(logging.WARNING)  # which lesson runs, Sphinx says

project = "minitransfer"
author = "The minitransfer authors"
copyright = "the minitransfer authors, MIT licence"
version = release = minitransfer.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "minitransfer.site.rendering",
    "minitransfer.site.words",
]
exclude_patterns = ["jupyter_execute"]

# A lesson runs when its code has changed; the folder of outputs is named by the library's code.
nb_execution_mode = "cache"
nb_execution_timeout = running.TIMEOUT
nb_execution_show_tb = True
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
nb_render_plugin = rendering.PLUGIN

myst_enable_extensions = ["amsmath", "attrs_block", "attrs_inline", "colon_fence", "dollarmath"]
myst_heading_anchors = 3

default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the signatures stay short; the docstrings say the types
autodoc_preserve_defaults = True
autodoc_inherit_docstrings = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_custom_sections = ["Shape"]
add_module_names = False

html_theme = "furo"
templates_path = ["templates"]  # the page of the search
html_title = "minitransfer"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_show_sphinx = False
html_show_sourcelink = False
html_copy_source = False
html_show_search_summary = False  # a page opened from a folder may not read the others
html_favicon = "static/favicon.svg"
html_theme_options = {
    "top_of_page_buttons": [],
    "light_css_variables": {
        "color-brand-primary": "#00558a",
        "color-brand-content": "#00558a",
        "color-brand-visited": "#6b3d63",
        "color-background-secondary": "#f6f5f1",
        "color-foreground-muted": "#5c5c5c",
        "font-stack": "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7cc5f0",
        "color-brand-content": "#7cc5f0",
        "color-brand-visited": "#d9a4c6",
        "color-foreground-muted": "#a9a9a4",
    },
}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
mathjax_path = "vendor/mathjax-tex-svg.js"  # one file, no fonts
mathjax_options = {"defer": "defer"}
mathjax3_config = {"options": {"enableMenu": False}, "svg": {"fontCache": "local"}}
copybutton_selector = "div.cell_input pre, div.highlight-python pre, div.highlight-bash pre"
