"""The game's themes. Colour is never the only sign: what is `$dma`, `$cpu` or `$shared` differs in line shape too."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from textual.theme import Theme

from zcquest.tui.language import N_

# Variables of our own, for style sheets: who moves bytes, the kernel border, stars, what is drawn as a
# frame, and the frames of the rooms, which one has to see.
DARK = {
    "dma": "#6ea8e8",
    "cpu": "#e8946a",
    "shared": "#7fc88f",
    "crossing": "#e3bf5f",
    "star": "#e3bf5f",
    "frame": "#3a4553",
    "room": "#66768a",
    "quiet": "#97a3b1",
}
LIGHT = {
    "dma": "#1d5ba6",
    "cpu": "#9c4014",
    "shared": "#206332",
    "crossing": "#755606",
    "star": "#755606",
    "frame": "#bcb5a4",
    "room": "#8a8372",
    "quiet": "#5a5f68",
}
CONTRAST = {
    "dma": "#5fd7ff",
    "cpu": "#ffaf5f",
    "shared": "#5fff87",
    "crossing": "#ffff00",
    "star": "#ffff00",
    "frame": "#ffffff",
    "room": "#ffffff",
    "quiet": "#d0d0d0",
}

THEMES: Final[Mapping[str, Theme]] = MappingProxyType(
    {
        theme.name: theme
        for theme in (
            Theme(
                name="zcquest-dark",
                primary="#6cb6d9",
                secondary="#4d7f9c",
                accent="#e3bf5f",
                warning="#e3bf5f",
                error="#f0868f",
                success="#7fc88f",
                foreground="#d9dfe7",
                background="#10151b",
                surface="#161c24",
                panel="#1d252f",
                variables={
                    **DARK,
                    "block-cursor-background": "#20394a",
                    "block-cursor-foreground": "#ffffff",
                    "block-cursor-blurred-background": "#1d252f",
                    "border": "#6cb6d9",
                    "border-blurred": "#3a4553",
                    "scrollbar": "#3a4553",
                    "scrollbar-hover": "#6cb6d9",
                    "scrollbar-active": "#6cb6d9",
                    "scrollbar-background": "#10151b",
                    "scrollbar-background-hover": "#10151b",
                    "scrollbar-background-active": "#10151b",
                    "scrollbar-corner-color": "#10151b",
                    "footer-background": "#10151b",
                    "footer-key-foreground": "#e3bf5f",
                    "footer-description-foreground": "#a5b0bd",
                    "text-disabled": "#97a3b1",
                    "input-selection-background": "#2b5168",
                },
            ),
            Theme(
                name="zcquest-light",
                primary="#1a6690",
                secondary="#7fa7bd",
                accent="#755606",
                warning="#755606",
                error="#ab2438",
                success="#206332",
                foreground="#23282f",
                background="#f8f6f1",
                surface="#f0ede5",
                panel="#e5e1d6",
                dark=False,
                variables={
                    **LIGHT,
                    "block-cursor-background": "#cde5f1",
                    "block-cursor-foreground": "#10151b",
                    "block-cursor-blurred-background": "#e5e1d6",
                    "border": "#1a6690",
                    "border-blurred": "#bcb5a4",
                    "scrollbar": "#bcb5a4",
                    "scrollbar-hover": "#1a6690",
                    "scrollbar-active": "#1a6690",
                    "scrollbar-background": "#f8f6f1",
                    "scrollbar-background-hover": "#f8f6f1",
                    "scrollbar-background-active": "#f8f6f1",
                    "scrollbar-corner-color": "#f8f6f1",
                    "footer-background": "#f8f6f1",
                    "footer-key-foreground": "#755606",
                    "footer-description-foreground": "#4c525b",
                    "text-disabled": "#5a5f68",
                },
            ),
            Theme(
                name="zcquest-contrast",
                primary="#5fd7ff",
                secondary="#ffffff",
                accent="#ffff00",
                warning="#ffff00",
                error="#ff8787",
                success="#5fff87",
                foreground="#ffffff",
                background="#000000",
                surface="#000000",
                panel="#1c1c1c",
                text_alpha=1.0,
                variables={
                    **CONTRAST,
                    "block-cursor-background": "#000000",
                    "block-cursor-foreground": "#ffff00",
                    "block-cursor-text-style": "bold reverse",
                    "block-cursor-blurred-background": "#303030",
                    "border": "#ffff00",
                    "border-blurred": "#ffffff",
                    "scrollbar": "#ffffff",
                    "scrollbar-hover": "#ffff00",
                    "scrollbar-active": "#ffff00",
                    "scrollbar-background": "#000000",
                    "scrollbar-background-hover": "#000000",
                    "scrollbar-background-active": "#000000",
                    "scrollbar-corner-color": "#000000",
                    "footer-background": "#000000",
                    "footer-key-foreground": "#ffff00",
                    "footer-description-foreground": "#ffffff",
                    "input-selection-background": "#004c6b",
                    "text-muted": "#e4e4e4",
                    "text-disabled": "#c6c6c6",
                },
            ),
        )
    }
)
DEFAULT_THEME = "zcquest-dark"
NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "zcquest-dark": N_("Dark"),
        "zcquest-light": N_("Light"),
        "zcquest-contrast": N_("High contrast"),
    }
)
