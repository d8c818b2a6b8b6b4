"""The footer changes when the keys do, and only then."""

from __future__ import annotations

from textual.widgets._footer import FooterKey

from .conftest import Open, footer


async def test_the_same_keys_stay_and_others_take_their_place(open_game: Open) -> None:
    async with open_game() as pilot:
        game = pilot.app
        keys = list(game.screen.query(FooterKey))
        assert keys
        await pilot.press("question_mark")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        game.screen.refresh_bindings()
        await pilot.pause()
        assert list(game.screen.query(FooterKey)) == keys, "nothing was made anew for the same keys"
        said = footer(pilot)
        await pilot.press("f2")
        await pilot.pause()
        assert footer(pilot) != said
        assert len(footer(pilot)) == len(said)


async def test_a_key_that_cannot_be_pressed_any_more_is_greyed_out(open_game: Open) -> None:
    async with open_game() as pilot:
        await pilot.press("c")
        await pilot.pause()
        screen = pilot.app.screen
        key = next(key for key in screen.query(FooterKey) if key.action == "measure")
        enabled = not key.has_class("-disabled")
        for _row in range(40):  # to a page that is no call's, or from one
            await pilot.press("down")
            await pilot.pause()
            now = [key for key in screen.query(FooterKey) if key.action == "measure"]
            if not now or now[0].has_class("-disabled") == enabled:
                break
        else:
            raise AssertionError("the key stayed as it was")
