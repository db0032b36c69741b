"""Words of the invented pages: German in sound and spelling, about nobody and nowhere.

A page is filled from pools of words of *one length*. A word that takes another's place moves nothing behind it, so that all spans of a
template stay right, whatever its words.
"""

from collections import defaultdict
from collections.abc import Iterable


def _words(text: str) -> list[str]:
    return text.split()


_FIRST = _words(
    "Hafen Deich Küsten Brücken Grenz Strom Salz Funk Zoll Lotsen Fähr Moor Torf Watt Wasser Kanal Ufer Schleusen Möwen Nebel Turm "
    "Glocken Markt Mühlen Höhen Tal Stein Kupfer Bernstein Korn Hopfen Honig Flachs Leinen Wolle Uhren Laternen Papier Karten Archiv"
)
_HEADS = _words(
    "kommission behörde frage leitung ordnung verhandlung flotte grenze brücke stelle zahlung wache straße größe maßnahme abgabe "
    "prüfung lieferung sperre übung planung vorlage klausel gebühr karte route runde sitzung lösung reserve"
)
_OFFICES = _words("minister kanzler sprecher direktor präsident kommissar botschafter vertreter verwalter unterhändler meister")
_ADJECTIVES = _words(
    "neue alte große größere kleine offene geheime gemeinsame vorläufige endgültige nördliche südliche östliche westliche strenge "
    "mögliche künftige frühere spätere üppige mäßige äußerste städtische ländliche öffentliche umstrittene gekürzte verspätete "
    "zähe kühne stille laute lange kurze schwere leichte trübe klare graue grüne süße bittere plötzliche allmähliche ungewöhnliche"
)
_STATES = _words(
    "offen nötig möglich überflüssig dringend gefährdet beschlossen unklar zulässig üblich hinfällig verfrüht gesichert maßgeblich "
    "vernünftig unerhört heikel mühsam lückenhaft ungelöst fällig strittig rechtmäßig bekannt erträglich fraglich schlüssig müßig"
)
_ADVERBS = _words(
    "bereits künftig später zunächst gründlich vorläufig überall längst allmählich endlich freilich hartnäckig zögernd schließlich "
    "übrigens ausdrücklich rechtzeitig inzwischen neuerdings gelegentlich anschließend mündlich schriftlich häufig selten stets"
)
_PARTICIPLES = _words(
    "verschoben geprüft begrüßt gekürzt bestätigt abgelehnt eröffnet geschlossen verlängert gestrichen veröffentlicht überarbeitet "
    "zurückgestellt beschleunigt ausgeweitet entschärft verdoppelt gelöst gewürdigt erwogen vertagt geräumt gezählt gemessen gelobt"
)
_DAYS = _words("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag")

_KINDS: dict[str, Iterable[str]] = {
    "N": [first + head for first in _FIRST for head in _HEADS],
    "M": [first + office for first in _FIRST for office in _OFFICES],
    "A": _ADJECTIVES, "R": _STATES, "D": _ADVERBS, "V": _PARTICIPLES, "T": _DAYS,
    "Z": [str(number) for number in range(12, 97)],
    "Y": [str(year) for year in range(2019, 2031)],
}  # fmt: skip

READERS = [first + end for first in _FIRST for end in ("fuchs", "kauz", "igel", "läufer", "gänger")]
"""Names under which invented readers write."""


def _pools() -> dict[str, list[list[str]]]:
    """For each kind of word its pools, each of words of one length; a pool is repeated as often as it has words."""
    pools = {}
    for kind, words in _KINDS.items():
        by_length = defaultdict(list)
        for word in words:
            by_length[len(word)].append(word)
        pools[kind] = [by_length[len(word)] for word in words if len(by_length[len(word)]) > 2]  # a smaller pool hardly varies
    return pools


POOLS = _pools()
"""Pools by kind: N noun, M office of a person, A adjective, R state, D adverb, V participle, T day, Z number, Y year."""

# --- names ------------------------------------------------------------------------------------------------------------------

STEMS = _words(
    "Quast Örl Tweel Brömm Zwarg Knüpp Förz Haspel Grüß Mürk Lönz Wispel Jörv Ätzel Drosch Flirz Nöck Pranz Ruckel Spörr Tüll Ulmz "
    "Vörst Wumm Zirpel Bläß Dückel Emz Gnarr Hörz Kalmz Lurch Möpp Närz Oxel Pfirz Quell Rüsch Schnörz Trümz"
)
ENDS: dict[str, tuple[str, ...]] = {
    "PER": ("beck", "holt", "mann", "rich", "ing", "brügg", "siel", "wart", "kamp", "lohe", "haupt", "fort", "tjen", "ström", "höfer"),
    "GPE": ("land", "mark", "au", "ingen", "stedt", "borg", "reich", "haven", "büttel"),
    "LOC": ("see", "sund", "gebirge", "moor", "kap", "bucht"),
    "FAC": ("palast", "schleuse", "turm", "halle", "werft", "brücke"),
    "ORG": ("rat", "bund", "amt", "werke", "partei", "bank", "kanzlei", "verband", "union", "kontor"),
    "WEA": ("haubitze", "rakete", "kutter"),
    "EVT": ("gipfel", "vertrag", "konferenz", "abkommen"),
    "MED": ("bote", "blatt", "funk", "zeitung"),
    "GRP": ("runde", "staaten", "gruppe"),
}  # fmt: skip
"""How names of each type end."""
GIVEN = _words(
    "Alwix Berulf Cordis Dagwin Elmuth Frodis Gesmar Hjalda Ingwil Jorun Kelwin Liudas Merthe Norwin Orlind Pelwar Runhild Sölve "
    "Thyra Ulwin Vebke Wiltrud Yorick Zelma Änne Örtrun"
)
