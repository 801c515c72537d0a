"""Number words: every meaning another word, known cases of each rule, clear errors."""

import pytest

from minitransfer.data import NUMBER_LANGUAGES, number_words

# What the rules are about, looked up in dictionaries.
KNOWN = {
    "en": {0: "zero", 13: "thirteen", 40: "forty", 85: "eighty-five", 100: "one hundred",
           999: "nine hundred ninety-nine"},
    "de": {1: "eins", 16: "sechzehn", 17: "siebzehn", 21: "einundzwanzig", 30: "dreißig",
           101: "einhunderteins", 471: "vierhunderteinundsiebzig"},
    "fr": {17: "dix-sept", 21: "vingt et un", 71: "soixante et onze", 77: "soixante-dix-sept",
           80: "quatre-vingts", 81: "quatre-vingt-un", 91: "quatre-vingt-onze", 100: "cent",
           200: "deux cents", 201: "deux cent un", 280: "deux cent quatre-vingts"},
    "es": {16: "dieciséis", 22: "veintidós", 31: "treinta y uno", 100: "cien", 101: "ciento uno",
           500: "quinientos", 777: "setecientos setenta y siete", 900: "novecientos"},
    "tr": {10: "on", 11: "on bir", 100: "yüz", 200: "iki yüz", 555: "beş yüz elli beş"},
    "hu": {12: "tizenkettő", 20: "húsz", 22: "huszonkettő", 32: "harminckettő", 100: "száz",
           202: "kétszázkettő", 999: "kilencszázkilencvenkilenc"},
}  # fmt: skip


@pytest.mark.parametrize("language", NUMBER_LANGUAGES)
def test_the_rules_say_what_dictionaries_say(language):
    said = {number: number_words(language, number) for number in KNOWN[language]}
    assert said == KNOWN[language]


@pytest.mark.parametrize("language", NUMBER_LANGUAGES)
def test_every_number_has_a_word_of_its_own(language):
    words = [number_words(language, number) for number in range(1000)]
    assert len(set(words)) == 1000
    assert all(word == word.strip() and "  " not in word for word in words)


@pytest.mark.parametrize(
    "language, number, message",
    [
        ("it", 1, 'number words of "en", "de".*given \'it\''),
        ("en", 1000, "0 to 999; given 1000"),
        ("en", -1, "0 to 999; given -1"),
        ("en", 2.5, "whole numbers 0 to 999; given 2.5"),
        ("en", True, "given True"),
        ("en", "two", "given 'two'"),
        (None, 1, "given None"),
    ],
)
def test_what_has_no_word_is_refused(language, number, message):
    with pytest.raises(ValueError, match=message):
        number_words(language, number)
