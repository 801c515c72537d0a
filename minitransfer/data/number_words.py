"""Numbers as six languages write them: the same meanings in other words, built by rule.

Each language has a rule of its own: German says the ones before the tens, French counts 70 to 99
from sixty and from four twenties, Hungarian has another two in front of a hundred.
"""

import numbers


def _listed(words):
    return words.split()


_ENGLISH = _listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_ENGLISH_TENS = _listed("twenty thirty forty fifty sixty seventy eighty ninety")

_GERMAN = _listed(
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn "
    "fünfzehn sechzehn siebzehn achtzehn neunzehn"
)
_GERMAN_TENS = _listed("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")

_FRENCH = _listed(
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "dix-sept dix-huit dix-neuf"
)
_FRENCH_TENS = _listed(
    "vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt"
)

_SPANISH = _listed(
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro "
    "veinticinco veintiséis veintisiete veintiocho veintinueve"
)
_SPANISH_TENS = _listed("treinta cuarenta cincuenta sesenta setenta ochenta noventa")
_SPANISH_HUNDREDS = _listed(
    "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos "
    "novecientos"
)

_TURKISH = _listed("sıfır bir iki üç dört beş altı yedi sekiz dokuz")
_TURKISH_TENS = _listed("on yirmi otuz kırk elli altmış yetmiş seksen doksan")

_HUNGARIAN = _listed("nulla egy kettő három négy öt hat hét nyolc kilenc")
_HUNGARIAN_TENS = _listed("tíz húsz harminc negyven ötven hatvan hetven nyolcvan kilencven")


def number_words(language: str, number: int) -> str:
    """Return how a language writes a number from 0 to 999.

    Args:
        language: "en", "de", "fr", "es", "tr" or "hu"; see `NUMBER_LANGUAGES`.
        number: 0 to 999.

    Returns:
        The words, in lower case, as dictionaries have them (French with the hyphens from before
        1990, German in one word, Turkish in several).

    Raises:
        ValueError: if the language or the number is another.

    Example:
        >>> [number_words(language, 72) for language in ("en", "de", "fr")]
        ['seventy-two', 'zweiundsiebzig', 'soixante-douze']
        >>> number_words("tr", 200), number_words("hu", 200)
        ('iki yüz', 'kétszáz')
    """
    if language not in _RULES:
        listed = ", ".join(f'"{code}"' for code in _RULES)
        raise ValueError(f"there are number words of {listed}; given {language!r}")
    whole = isinstance(number, numbers.Integral) and not isinstance(number, bool)
    if not whole or not 0 <= number <= 999:
        raise ValueError(f"there are words for the whole numbers 0 to 999; given {number!r}")
    return _RULES[language](int(number))


def _english(n):
    if n >= 100:
        return _joined(f"{_ENGLISH[n // 100]} hundred", " ", n % 100, _english)
    if n >= 20:
        return _joined(_ENGLISH_TENS[n // 10 - 2], "-", n % 10, _english)
    return _ENGLISH[n]


def _german(n):
    if n >= 100:
        return _joined(_german_in_front(n // 100) + "hundert", "", n % 100, _german)
    if n >= 20:
        ones = f"{_german_in_front(n % 10)}und" if n % 10 else ""
        return ones + _GERMAN_TENS[n // 10 - 2]
    return _GERMAN[n]


def _german_in_front(n):
    return "ein" if n == 1 else _GERMAN[n]


def _french(n):
    if n >= 100:
        if n >= 200 and n % 100 == 0:
            return f"{_FRENCH[n // 100]} cents"
        return _joined("cent" if n < 200 else f"{_FRENCH[n // 100]} cent", " ", n % 100, _french)
    if n == 80:
        return "quatre-vingts"
    if n >= 20:
        tens = n // 10 - n // 10 % 2 if n >= 60 else n // 10  # 70 and 90 count on from 60 and 80
        link = " et " if n in (21, 31, 41, 51, 61, 71) else "-"
        return _joined(_FRENCH_TENS[n // 10 - 2], link, n - 10 * tens, _french)
    return _FRENCH[n]


def _spanish(n):
    if n > 100:
        return _joined(_SPANISH_HUNDREDS[n // 100 - 1], " ", n % 100, _spanish)
    if n >= 30:
        return "cien" if n == 100 else _joined(_SPANISH_TENS[n // 10 - 3], " y ", n % 10, _spanish)
    return _SPANISH[n]


def _turkish(n):
    if n >= 100:
        hundreds = "yüz" if n < 200 else f"{_TURKISH[n // 100]} yüz"
        return _joined(hundreds, " ", n % 100, _turkish)
    if n >= 10:
        return _joined(_TURKISH_TENS[n // 10 - 1], " ", n % 10, _turkish)
    return _TURKISH[n]


def _hungarian(n):
    if n >= 100:
        front = {1: "", 2: "két"}.get(n // 100, _HUNGARIAN[n // 100])
        return _joined(f"{front}száz", "", n % 100, _hungarian)
    if n >= 10:
        tens = _HUNGARIAN_TENS[n // 10 - 1]
        if n % 10 and n < 30:
            tens = {1: "tizen", 2: "huszon"}[n // 10]
        return _joined(tens, "", n % 10, _hungarian)
    return _HUNGARIAN[n]


def _joined(front, link, rest, words):
    return f"{front}{link}{words(rest)}" if rest else front


_RULES = {
    "en": _english,
    "de": _german,
    "fr": _french,
    "es": _spanish,
    "tr": _turkish,
    "hu": _hungarian,
}

#: The languages that `number_words` knows, by their two-letter codes.
NUMBER_LANGUAGES = tuple(_RULES)
