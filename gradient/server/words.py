"""What the server itself says to visitors, in the languages of the page. The page's own words are in the notebook."""

from collections.abc import Mapping

# By the code of the language; whoever prefers none of them gets the first. The keys from "full" on are the reasons
# why a visitor gets the static page.
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "no_page": "There is no page at this address.",
        "open": "Open the page",
        "busy": "Everything is in use at the moment. There will be room as soon as a visitor leaves.",
        "try_again": "Try again",
        "no_scripts": "This page needs JavaScript.",
        "incomplete": "This page could not be completed.",
        "load_again": "Load it again",
        "works": "Everything on this page works in your browser.",
        "full": "All kernels are in use at the moment.",
        "share": "Your address already has as many kernels as it may have.",
        "rate": "Your address has started many kernels in the last minute.",
        "starting": "The server has just started and has no kernel yet.",
        "stopping": "The server is about to restart.",
        "failed": "A kernel could not be started.",
    },
    "fr": {
        "no_page": "Il n’y a pas de page à cette adresse.",
        "open": "Ouvrir la page",
        "busy": "Tout est occupé pour le moment. Une place se libère dès qu’un visiteur part.",
        "try_again": "Réessayer",
        "no_scripts": "Cette page a besoin de JavaScript.",
        "incomplete": "Cette page n’a pas pu être chargée en entier.",
        "load_again": "La charger à nouveau",
        "works": "Tout sur cette page fonctionne dans votre navigateur.",
        "full": "Tous les noyaux du serveur sont occupés pour le moment.",
        "share": "Votre adresse a déjà autant de noyaux que possible.",
        "rate": "Votre adresse a démarré beaucoup de noyaux depuis une minute.",
        "starting": "Le serveur vient de démarrer et n’a pas encore de noyau.",
        "stopping": "Le serveur va redémarrer.",
        "failed": "Le démarrage d’un noyau a échoué.",
    },
}


def language_of(accepted: str) -> str:
    """The language of `WORDS` that a browser prefers.

    Args:
        accepted: the header Accept-Language, which may be anything.
    """
    wanted = [_language_and_weight(part) for part in accepted.split(",")]
    known = [(code, weight) for code, weight in wanted if code in WORDS and weight > 0]
    return max(known, key=lambda each: each[1], default=(next(iter(WORDS)), 1.0))[0]


def _language_and_weight(part: str) -> tuple[str, float]:
    """The code of a part's language, regions aside, and how much it is wanted."""
    tag, _, weight = part.replace(" ", "").lower().partition(";q=")
    try:
        return tag.partition("-")[0], float(weight or 1)
    except ValueError:
        return tag, 0.0
