"""French: the words of `sentences.py`, under the same names."""

from gradient.landscape import PlaneCase
from gradient.verdict import Verdict
from gradient.views.sentences import PlaneWords, VerdictWords

CODE, OWN_NAME = "fr", "Français"
DECIMAL = ","

NAMES = {
    "Line": "Droite",
    "Wave": "Sinusoïde",
    "Network": "Réseau",
    "Yours": "Vos données",
    "Gradient descent": "Descente de gradient",
    "Momentum": "Inertie",
    "Nesterov": "Nesterov",
    "Adagrad": "Adagrad",
    "RMSProp": "RMSProp",
    "Adam": "Adam",
    "Decay": "Décroissance",
    "Beta 1": "Bêta 1",
    "Beta 2": "Bêta 2",
    "Power law": "Loi de puissance",
    "Logistic": "Logistique",
    "Michaelis–Menten": "Michaelis–Menten",
    "Gaussian peak": "Gaussienne",
    "1 → 3 → 3 → 3 → 1 units, tanh": "1→3→3→3→1 neurones, tanh",
    "w (weight)": "w (poids)",
    "b (bias)": "b (biais)",
    "w": "w",
    "b": "b",
    "x": "x",
    "y": "y",
    "Noisy line": "Droite bruitée",
    "Noisy wave": "Sinusoïde bruitée",
    "Anscombe I": "Anscombe I",
    "Anscombe IV": "Anscombe IV",
    "Hubble 1929": "Hubble 1929",
    "distance in megaparsecs": "distance en mégaparsecs",
    "velocity in km/s": "vitesse en km/s",
    "Puromycin": "Puromycine",
    "substrate in ppm": "substrat en ppm",
    "rate in 100 counts/min²": "vitesse en 100 coups/min²",
    "Old Faithful": "Old Faithful",
    "eruption in minutes": "éruption en minutes",
    "next wait in minutes": "attente suivante en minutes",
    "Mauna Loa CO₂": "CO₂ à Mauna Loa",
    "year": "année",
    "CO₂ in the air in ppm": "CO₂ dans l’air en ppm",
    "US census": "Population des États-Unis",
    "decades since 1900": "décennies depuis 1900",
    "population in 100 millions": "population en 100 millions",
    "Planets": "Planètes",
    "distance from the Sun in 10 AU": "distance au Soleil en 10 UA",
    "period in 100 years": "période en siècles",
    "Cars": "Voitures",
    "weight in 1,000 lb": "masse en milliers de livres",
    "miles per gallon": "miles par gallon",
}

VERDICTS = {
    Verdict.START: VerdictWords(
        "slow", "Départ", "La descente commence ici. Pour la suivre, appuyez sur Lecture ou déplacez Étape."
    ),
    Verdict.CONVERGED: VerdictWords(
        "converged", "Convergence", "Le gradient est presque nul, et la perte est proche de la plus basse connue, {best_known}."
    ),
    Verdict.SETTLED: VerdictWords(
        "wandering",
        "Arrêt trop haut",
        "Le gradient est presque nul : presque plus de mouvement[, à {times_best} fois la perte la plus basse connue].",
    ),
    Verdict.BEST: VerdictWords(
        "converged", "Presque au mieux", "La perte bouge encore, mais elle est tout près de la plus basse connue, {best_known}."
    ),
    Verdict.CLOSE: VerdictWords(
        "converged", "Proche", "À cette étape, la perte est proche de la plus basse connue, {best_known}."
    ),
    Verdict.BOUNCING: VerdictWords("bouncing", "Rebonds", "Les dernières étapes sautent d’un point à un autre et reviennent."),
    Verdict.DESCENDING: VerdictWords(
        "descending", "En descente", "La perte diminue.[ Elle vaut {times_best} fois la plus basse connue.]"
    ),
    Verdict.RISING: VerdictWords("rising", "En montée", "La perte a augmenté au cours des dernières étapes."),
    Verdict.WANDERING: VerdictWords("wandering", "Hésitation", "La perte a monté et descendu au cours des dernières étapes."),
    Verdict.SLOW: VerdictWords(
        "slow", "Lent", "La perte n’a presque pas changé récemment.[ Elle vaut {times_best} fois la plus basse connue.]"
    ),
    Verdict.DIVERGED: VerdictWords(
        "diverged", "Divergence", "La perte devient trop grande : la descente s’arrête à l’étape {step}."
    ),
}

STRIP = {
    "cell": "{value} : perte {loss}",
    "diverged": "{value} : divergence",
    "best": "▴ meilleur : {value}",
    "limit": "| instable au-delà de {value}",
}

ADVICE = {
    "sentence": "{label} {value} mène plus bas, à {loss}.",
    "rescale": "x est trop grand pour tout taux d’apprentissage.[ Soustrayez-en {offset}.][ Divisez-le par {scale}.]",
    "button": "Essayer",
}

READOUT = {
    "loss": "Perte",
    "gradient_norm": "Norme de ∇L",
    "step": "Étape",
    "best_known": "Plus basse connue",
    "spoken": "Étape {step}, perte {loss}, {verdict}",
    "spoken_place": "En w {w}, b {b}",
    "spoken_best": "Le meilleur taux d’apprentissage est {value}, avec une perte de {loss}",
}

COMPARISON = {
    "add": "+ Comparer",
    "add_hint": "Garder ces réglages comme un essai à part, puis en changer",
    "to_table": "Tableau des essais ↓",
    "best": "Chacun à son meilleur taux",
    "best_hint": "Donner à chaque essai le meilleur de 64 taux d’apprentissage",
    "label": "Essais depuis le même départ, sur les mêmes données",
    "columns": [
        "Essai",
        "Optimiseur",
        "Réglages",
        "Perte à cette étape",
        "Reste à moins de 5 % de la plus basse connue",
        "Verdict",
        "Ordre",
    ],
    "choose": "Donner aux curseurs les réglages de l’essai {run}",
    "never": "pas atteint",
    "at": "dès l’étape {step}",
    "up": "Monter l’essai {run}",
    "down": "Descendre l’essai {run}",
    "remove": "Supprimer l’essai {run}",
}

MAPS = {
    "label": "Ce que montre la carte",
    "kinds": ["Perte", "Où mènent les départs", "Taux × {second}"],
    "network_kinds": ["Perte", "Quels départs arrivent", "Taux × départ"],
    "random_start": "départ aléatoire",
    "starts": "{share} des départs mènent à la perte la plus basse",
    "start_cell": "D’ici, la perte finit à {loss}",
    "random_starts": "{share} de ces essais finissent près de la perte la plus basse",
    "settings": "Perte finale. Glissez l’anneau.",
    "setting_cell": "{loss} : taux {x}, {second} {y}",
    "diverging_start": "D’ici, elle diverge",
    "diverging_setting": "Diverge : taux {x}, {second} {y}",
    "not_there": "ailleurs",
    "higher": "plus haut",
    "diverges": "diverge",
    "limit": "instable",
    "arrivals": "étapes jusqu’à l’arrivée",
    "colours": "perte finale",
    "rate": "taux d’apprentissage",
    "handle": "Taux d’apprentissage {x}, {second} {y}. Glissez-le, ou utilisez les flèches du clavier.",
}

PLANE = {
    PlaneCase.THROUGH_PATH: PlaneWords("du départ (0) à la fin (1)", "à l’écart de cette droite (◇ à 1)", ""),
    PlaneCase.STRAIGHT: PlaneWords(
        "du départ (0) à la fin (1)",
        "une direction quelconque, même longueur",
        "trajectoire droite : le second axe est quelconque",
    ),
    PlaneCase.DIVERGENT: PlaneWords(
        "vers le bas depuis le départ, longueur 1",
        "une direction quelconque, longueur 1",
        "divergence : la fin est trop loin pour être montrée",
    ),
}
PLANE_COLOURS = "perte dans le plan"
PLANE_LOSSES = {
    "start": "vraie perte : {loss} au départ",
    "third": "{loss} en ◇ (étape {step})",
    "end": "{loss} à l’étape {step}",
}

MAP = {
    "label": "Carte de la perte selon les paramètres, avec la trajectoire de la descente",
    "handle": "Départ en w {x}, b {y}. Glissez-le, ou utilisez les flèches du clavier.",
    "exit": "quitte la carte à l’étape {step}",
}

POINTED = {
    "point": "perte {loss} en w {w}, b {b}",
    "plane": "perte {loss} ici",
    "step": "étape {step} : perte {loss} en w {w}, b {b}",
    "network_step": "étape {step} : perte {loss}",
}

PARAMETER_MAP = {
    "colours": "norme du gradient |∇L|",
    "unknown": "norme du gradient |∇L|, blanc : pas de perte",
}

AXIS = {
    "scaled": "{title} (× {power})",
    "above": "{title} − {offset}",
    "below": "{title} + {offset}",
}

CONTROLS = {
    "problem": "Problème",
    "optimizer": "Optimiseur",
    "model": "Modèle",
    "data": "Données",
    "scale": "Axe de la perte",
    "residuals": "Montrer les résidus",
    "rate": "Taux d’apprentissage",
    "steps": "Étapes",
    "w": "w initial",
    "b": "b initial",
    "key": "Départ aléatoire",
}
SCALES = ["Logarithmique", "Linéaire"]
AXES = {"step": "Étape", "loss": "Perte"}

TITLE = "Descente de gradient"
TAGLINE = "Chaque point de la carte est un modèle. Glissez l’anneau pour choisir le départ."
PLANE_TAGLINE = "Chaque point du plan est un réseau. Départ aléatoire choisit où l’on commence."
TITLES = {
    "field": "La perte ; les flèches descendent",
    "fit": "Données et modèle",
    "loss": "Perte au fil des étapes",
    "outside": "La courbe est hors de l’image.",
}
PLANE_TITLE = "Perte dans un plan le long de la trajectoire"

ARITHMETIC = {
    "next": "Étape suivante :",
    "here": "Cette étape :",
    "ends": "La descente s’arrête ici.",
    "parameters": "(w, b)",
    "layers": "norme du gradient par couche, de l’entrée à la sortie :",
    "summary": "calcul",
    "columns": ["x", "y", "modèle f", "erreur f − y", "(f − y)²", "dérivée par rapport à w", "dérivée par rapport à b"],
    "point": "premier point",
    "mean": "moyenne de tous les points",
    "note": "La moyenne des carrés est la perte.",
    "gradient_note": "Les moyennes de leurs dérivées par rapport à w et à b forment le gradient g.",
}

PICTURES = {"fit": "Les données et la courbe ajustée", "loss": "La perte au fil des étapes"}
SLIDER_READOUT = "{label}, en chiffres"

TRANSPORT = {
    "first": "Début",
    "previous": "Précédente",
    "play": "Lecture",
    "pause": "Pause",
    "next": "Suivante",
    "last": "Fin",
    "repeat": "Répéter",
    "step": "Étape",
    "speed": "Vitesse",
    "speeds": {"slow": "Lente", "normal": "Normale", "fast": "Rapide"},
    "reset": "Réinitialiser",
    "reset_hint": "Revenir aux réglages de départ de ce problème",
}

DESCRIPTIONS = {
    "map": "La trajectoire va de w {start_w}, b {start_b} à w {w}, b {b} ; la perte {course} de {first} à {end}.",
    "plane": "La trajectoire fait {last} étapes dans le plan ; la perte {course} de {first} à {end}.",
    "exit": "Elle quitte la carte à l’étape {exit}.",
    "data": "{count} points, et la courbe du modèle à l’étape {step} ; sa perte est {loss}.",
    "loss": "La perte {course} de {first} au départ à {loss} à l’étape {step} ; à la dernière, {last}, elle vaut {end}.",
    "courses": ["descend", "va", "monte"],
}

THEMES = {"auto": "celui du système", "light": "clair", "dark": "sombre"}
PRESENTED = {"map": "Carte", "data": "Données", "loss": "Perte"}
DISPLAY = {
    "theme": "Thème : {theme}",
    "present": "Présenter à une classe (P)",
    "choose": "Images à l’écran",
    "leave": "Quitter",
}

COMPUTE = {
    "legend": "Calculer dans",
    "browser": "le navigateur",
    "kernel": "le serveur",
    "here": "dans votre navigateur : {duration}",
    "away": "dernier aller-retour : {duration}",
    "under": "moins de {duration}",
    "waits": "Le serveur calcule. La première fois, il lui faut quelques secondes.",
    "offline": "Le serveur est injoignable. Cette page continue dans votre navigateur.",
    "still_offline": "Le serveur est toujours injoignable. Cette page continue dans votre navigateur.",
    "reconnect": "Reconnecter",
}

POINTS = {
    "name": "Vos points",
    "label": "Vos points. Les flèches en choisissent un, Entrée le saisit, plus en ajoute un, Suppr le supprime.",
    "hint": "Un clic ajoute un point, un glissement le déplace.",
    "key_hint": "Les flèches choisissent un point, Entrée le saisit, + en ajoute un, Suppr le supprime.",
    "touch_hint": "Toucher : ajouter ; glisser : déplacer ; appui long : supprimer.",
    "grabbed": "Les flèches déplacent le point. Entrée le pose, Échap le remet en place.",
    "point": "Point {number} sur {count} : x {x}, y {y}",
    "own": "Vos {count} points.",
    "undo": "Annuler",
    "redo": "Rétablir",
    "paste": "Coller…",
    "paste_hint": "Coller deux colonnes ou ouvrir un fichier. On peut aussi déposer un fichier sur l’image.",
    "copy": "Copier",
    "copied": "Les points sont dans le presse-papiers, en deux colonnes.",
    "noise": "Bruit",
    "standardize": "Centrer et réduire x",
    "standardize_hint": "Soustraire de x sa moyenne, puis diviser par son écart type",
    "standardize_both": "Centrer et réduire x et y",
    "standardize_both_hint": "Le réseau reçoit x et y moins leur moyenne, divisés par leur écart type. "
    "Une droite horizontale a alors une perte de 1.",
    "larger": "Un réseau veut des nombres proches de 0.",
    "scaled": "Dans les formules, x vaut (x − {offset}) / {scale}.",
    "condition": "κ {before} → {after}, taux jusqu’à {limitBefore} → {limitAfter}",
    "condition_hint": "κ compare les courbures de la perte, en travers et le long de sa vallée. "
    "D’abord pour x tel quel, puis réduit.",
    "text": "Deux colonnes, x et y",
    "placeholder": "x et y sur chaque ligne, séparés par une virgule, un point-virgule, une tabulation ou une espace",
    "open": "Ouvrir un fichier…",
    "cancel": "Annuler",
    "use": "Utiliser {count} points",
    "use_none": "Utiliser",
    "few_points": "Il faut au moins deux points : deux lignes avec x et y.",
    "long": "Ce texte est trop long : la page lit environ un million de caractères. Collez-en une partie.",
    "thinned": "Sur {count} points, la page en garde {most}, répartis également selon x.",
    "columns": "Les colonnes {one} et {other} sur {count} sont x et y. Pour d’autres, nommez-les x et y sur la première ligne.",
    "fewest": "Gardez au moins {count} points.",
    "most": "Il y a place pour {count} points. Supprimez-en un d’abord.",
    "unread": {
        "number": "Ligne {line} : « {text} » n’est pas un nombre ; cette ligne est ignorée.",
        "few": "Ligne {line} : une seule valeur, « {text} », alors qu’il faut x et y ; elle est ignorée.",
        "none": "Ligne {line} : ni x ni y ; elle est ignorée.",
        "size": "Ligne {line} : {text} est trop grand ; elle est ignorée. Divisez la colonne.",
        "others": "Lignes ignorées en plus : {count}.",
    },
    "warnings": {
        "one_x": "Tous les x valent {number} : on ne peut pas voir de pente. Déplacez un point.",
        "one_y": "Tous les y valent {number} : il n’y a qu’un niveau à ajuster.",
        "far_x": "x est loin de 0 : la perte est une vallée étroite. Centrez et réduisez x.",
        "large_x": "x va jusqu’à {number} : au mieux, seuls de très petits taux conviennent. Centrez et réduisez x.",
        "small_x": "x reste sous {number} : il ne compte presque pas. Centrez et réduisez x.",
        "large_y": "y va jusqu’à {number} : les pertes sont énormes. Divisez y par {scale}.",
        "steep_x": "Ici, seuls les taux sous {limit} sont stables. Centrez et réduisez x.",
        "steep_y": "Ici, seuls les taux sous {limit} sont stables. Divisez y par {scale}.",
        "small_y": "y reste sous {number} : les pertes sont minuscules. Multipliez y par {scale}.",
    },
    "about": "{name} : {x_label}, {y_label}. {source}, {year}.",
    "about_made": "{name}, au bruit de votre choix.",
}

ADDRESS = {
    "beginning": "Une partie du lien n’a pas pu servir.",
    "name": "Il n’y a pas de réglage {name}.",
    "number": "{name} vaut « {text} », qui n’est pas un nombre.",
    "whole": "{name} vaut {text}, mais il faut un nombre entier.",
    "range": "{name} vaut {text}, mais va de {low} à {high}.",
    "words": "{name} vaut « {text} », mais peut valoir {words}.",
    "long": "{name} a plus de {length} caractères.",
    "version": "Le lien est d’une autre version de cette page, {text}.",
    "more": "Et {count} autres.",
    "data": "{name} vaut « {text} », qui n’est ni un jeu de données, ni des points comme 1,2;3,4.5.",
    "count": "{name} doit avoir de {fewest} à {most} points.",
    "runs": "{name} a place pour {count} essais, chacun à sa place, comme adam,rate=0.1.",
}

SHARE = {
    "share": "Partager",
    "share_hint": "Copier un lien vers la page telle qu’elle est",
    "language": "Langue",
    "menu": "Plus",
    "menu_hint": "Langue, lien de leçon, Python, images et nombres",
    "copied": "Lien copié. Qui l’ouvre voit ce que vous voyez.",
    "copied_part": "Copié. Ajoutez-le à la fin de l’adresse de cette application.",
    "copy": "Copiez ce lien :",
    "copy_part": "Copiez ceci, et ajoutez-le à la fin de l’adresse de cette application :",
    "close": "Fermer",
    "dismiss": "Masquer cette ligne",
    "lesson": "Créer un lien de leçon",
    "title": "Nom de l’exercice",
    "plays": "Commencer la lecture aussitôt",
    "hide": "Masquer",
    "copy_lesson": "Copier le lien de leçon",
    "lesson_copied": "Lien de leçon copié.",
    "python": "Copier en Python",
    "python_hint": "Un script qui affiche les nombres de la page",
    "python_copied": "Script copié. Il a besoin de ce paquet, gradient.",
    "copy_python": "Copiez ce script :",
    "python_points": "Script copié. Il lit {file} : enregistrez les points ci-dessous et mettez les deux dans un dossier.",
    "python_own": "Votre problème n’existe que dans votre notebook : il n’y a pas de script pour lui.",
    "pictures": "Enregistrer une image",
    "numbers": "Enregistrer des nombres",
    "as_png": "PNG",
    "as_svg": "SVG",
    "as_csv": "CSV",
    "as_json": "JSON",
    "map": "Carte",
    "fit": "Données et modèle",
    "loss": "Perte au fil des étapes",
    "steps": "Étape, paramètres, perte, norme du gradient",
    "points": "Vos points",
    "save_hint": "Enregistrer {what} en {format}",
    "failed": "Ce navigateur n’a pas pu l’enregistrer.",
}

HIDEABLE = {"map": "Cartes", "compare": "Comparer"}
