"""Sentences of the invented pages, with the annotation in them.

``$N $M $A $R $D $V $T $Z $Y`` are words from a pool (``benchmarks.words``); ``$P $G $X`` are mentions of a person or group that acts,
a place, another thing. ``[label words]`` is a span: the trigger, content, when or place of the sentence's event, a role of its
arguments, a kind of marker, or the source and cue of a link in its chain of sources.
"""

EVENTS: tuple[tuple[str, str], ...] = (
    ("call", "[participant $P] und [participant $P] haben [when am $T] $D [trigger telefoniert], das Gespräch über die $A $N "
     "dauerte [source $P] [cue zufolge] $Z Minuten."),
    ("call", "[adverb Angeblich] gab es [when am späten $T] ein [trigger Telefonat] von [initiator $P] mit [participant $P], "
     "bei dem die $A $N $V worden [subjunctive sei]."),
    ("meeting", "[participant $P] und [participant $P] [modal wollen] sich [when am kommenden $T] in [place $G] [trigger treffen], "
     "um die $A $N zu retten."),
    ("meeting", "Das [trigger Treffen] von [host $P] mit [participant $P] in [place $G] [negation wurde nicht] $D $V, "
     "weil die $N $R war."),
    ("talks", "In [place $G] gehen [when seit $T] die [trigger Verhandlungen] zwischen [participant $P] und [participant $P] weiter – "
     "die $A $N bleibt $R."),
    ("statement", "„[content Die $A $N ist $D $R, und wir werden $X dafür nicht opfern]“, [trigger sagte] [agent $P] [when am $T] in "
     "[place $G]."),
    ("statement", "[agent $P] [trigger erklärte], [content die $A $N [subjunctive sei] $D $V und die $N damit $R]."),
    ("statement", "[content Dass die $N $R [modal sein dürfte]], [trigger bestätigte] [agent $P] [when am $T] auf "
     "eine $A Anfrage."),
    ("proposal", "[agent $P] hat [recipient $P] [trigger vorgeschlagen], [item die $A $N] [conditional falls] $R $D zu teilen."),
    ("invitation", "[source Aus Kreisen] um $P [cue heißt es], [agent $P] habe [recipient $P] nach [place $G] [trigger eingeladen]."),
    ("agreement", "[participant $P] und [participant $P] [trigger einigten] sich [when am $T] auf eine $A $N für $X."),
    ("demand", "[agent $P] [trigger verlangte] von [recipient $P] $D die $A $N und eine $N für $G."),
    ("refusal", "[trigger Abgelehnt] hat [agent $P] [when am $T] [item die $A $N] – sie [subjunctive wäre] $D $R."),
    ("cancellation", "[agent $P] [trigger sagte] die Reise nach [place $G] [when am $T] ab, die $A $N ist damit $V."),
    ("threat", "[agent $P] [trigger drohte] [target $P] mit einer $N, [conditional sofern] die $N $R bleibt."),
    ("warning", "[agent $P] [trigger warnte] [when am $T] in [place $G], [topic die $A $N] [modal könnte] $D $V werden."),
    ("criticism", "[trigger Scharf kritisiert] wurde [target $P] von [agent $P]: [topic Die $N] sei $D $V worden."),
    ("praise", "[agent $P] [trigger lobte] [recipient $P] für [topic die $A $N] in $G, die [adverb offenbar] $R geworden ist."),
    ("sanction", "[agent $P] hat gegen [target $P] eine $A [trigger Sperre] der $N verhängt, die [when ab $T] gilt."),
    ("arms_delivery", "[agent $P] [trigger liefert] [recipient $P] $D [item $X] und eine $A $N."),
    ("ceasefire", "Eine [trigger Waffenruhe] zwischen [participant $P] und [participant $P] bei [place $G] [modal soll] $D $V werden."),
    ("trade", "[participant $P] [future wird] mit [participant $P] die $A $N [trigger handeln], $Z Schiffe liegen in [place $G] bereit."),
)  # fmt: skip
"""A type of event, and a sentence that tells of one."""

PLAIN: tuple[str, ...] = (
    "In $G wurde die $A $N zuletzt $D $V, obwohl die $N als $R galt.",
    "Die $A $N, die $P im Jahr $Y auf den Weg gebracht hatte, ist $D $V.",
    "Wer die $A $N kennt, weiß: $D ist dort eine $A $N $R.",
    "Die $N bleibt $R – $D auch deshalb, weil die $A $N $V wurde.",
    "Rund $Z Schiffe warten vor $G auf eine $A $N, die $D $V wird.",
    "Über die $A $N war in $X $D gestritten worden, ehe die $N $V war.",
    "Seit $Y gilt die $N in $G als $R; eine $A $N fehlt.",
    "$P schweigt $D über die $A $N, und auch die $N ist nicht $V.",
)
"""Sentences without an event."""

HEADLINES = ("$P und $P: Die $N ist $R", "Streit um die $A $N in $G", "$G wartet $D auf die $A $N")
SUBHEADINGS = ("Die $A $N von $G", "Warum die $N $R ist")
CAPTIONS = ("$P $D vor der $N in $G, $T.", "Die $A $N bei $G, im Hintergrund die $N.")
COMMENTS = (
    "Die $A $N von $P ist doch $D $R!",
    "Ich wohne bei $G und sage: Die $N muss $V werden.",
    "$P hat recht, ohne die $A $N wird $D nichts $V.",
    "Und wer zahlt die $N? Bestimmt nicht $P, eher $X …",
)
SENTIMENTS = ("negative", "neutral", "positive")
STANCES = ("favour", "against", "neutral", "mixed")
