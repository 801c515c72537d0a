"""The lessons as a web site that needs no network: read from the percent scripts, built by Sphinx.

`building` writes a source folder into the cache and calls Sphinx on it with `conf`; `lesson_pages`
turns a percent script into a page, `other_pages` writes those that are no lesson, `learning_path`
draws the map, and `words` puts the glossary under the words. `playground_files` makes what the
playground needs of the published network. What the browser does is plain JavaScript, in ``static``.
"""

from minitransfer.site.building import SiteFailed, build

__all__ = ["SiteFailed", "build"]
