//! Romanian, folded (no accents).

use super::Lexicon;

pub(super) const LEXICON: Lexicon = Lexicon {
    language: "ro",
    cuts: &["dar", "insa", "pentru", "deoarece", "altfel", "deci", "desi"],
    soft_cuts: &["si", "sau", "iar"],
    after_soft_cuts: &[
        "eu", "vreau", "as", "unde", "ce", "cand", "cum", "de", "va", "puteti", "nimeni", "nu", "am", "acum", "imi", "dati", "sunt",
    ],
    negators: &["nu", "n", "niciodata", "fara", "nici"],
    not_denied: &["stiu", "inteleg", "pot", "reusesc", "am", "mi", "imi", "gasesc", "merge", "functioneaza"],
    new_subjects: &["voi", "atunci", "vom"],
    polite_negations: &["de ce nu", "nu puteti", "nu se poate", "nu as putea", "n as putea"],
    reported: r"\b(?:mi s a (?:spus|zis)|mi (?:a|au) (?:spus|zis|cerut|recomandat)|(?:el|ea|ei|cineva|prietenul|prietena|vecinul|vecina|colegul|colega|sotul|sotia|fratele|sora|sefa|seful) (?:meu |mea |lui |a |au )*(?:spus|zis|cerut|reclamat|anulat|vrea|voia)|am (?:auzit|citit|vazut)|ati spus|se spune|(?:prieten\w*|vecin\w*|coleg\w*|sotul|sotia|fratele|sora|sef\w*|fiul|fiica|mama|tata) (?:meu |mea |lui |ei |nostru |noastra )?(?:a|s a|au|s au) (?:facut|renuntat|reziliat|anulat|reclamat|depus|plans))\b",
    no_object: &["o", "il", "l", "asta", "aceasta", "acesta", "tot", "va", "rog", "acum", "azi", "imediat", "totul"],
    human: &[
        r"\b(?:vorbesc|vorbi|vorbim|discut|discuta|discutam|comunic|vorbeasca)\b(?: [\w']+){0,2}? ?cu (?:[\w']+ ){0,2}?(?:om|omul|oameni|persoana|cineva|operator|operatorul|operatoare|agent|agentul|coleg|colegul|colega|consultant|consultantul|reprezentant|reprezentantul|angajat|sef|seful|sefa|manager|managerul|supervizor|cineva real)\b",
        r"\b(?:legatura|transferati|transfera|conectati|treceti|dati|da|puneti|redirectionati)\b(?: ma| mi| mi l| ne| pe| i| va rog)*(?: la| cu| pe| un| o| legatura cu| legatura la)*(?: un| o)? ?(?:om|persoana|cineva|operator|operatorul|agent|coleg|coleg de al dumneavoastra|consultant|reprezentant|sef|seful|manager|managerul|supervizor)\b",
        r"\b(?:vreau|doresc|as vrea|as dori|am nevoie de|imi trebuie|prefer)\b(?: sa aud| sa am)? (?:un |o )(?:om|persoana|operator|agent|consultant|coleg|reprezentant|om real|persoana reala)\b",
        r"\b(?:om|persoana|fiinta) (?:real|reala|adevarat|adevarata|viu|vie|umana|uman)\b",
        r"\boperator uman\b|\bfactor uman\b|\bcineva (?:real|care poate|competent|de acolo|de la voi)\b",
        r"\b(?:ma|m ar) (?:poate|putea|suna|ajuta) cineva\b|\bpoate cineva sa (?:ma|mi)\b|\bsa ma sune cineva\b|\b(?:exista|este|e) (?:vreun|un|o|cineva|vreo) ?(?:om|operator|persoana|coleg)? ?cu care\b",
    ],
    human_alone: &[
        "operator",
        "operatorul",
        "agent",
        "om",
        "un om",
        "o persoana",
        "un operator",
        "un om va rog",
        "persoana reala",
        "om real",
        "relatii clienti",
        "consultant",
        "un consultant",
        "seful",
        "manager",
        "cineva",
    ],
    not_human: r"\b(?:resurse umane|(?:esti|sunteti) (?:un |o )?(?:om|robot|persoana|masina)|vorbesc cu (?:un |o )?(?:robot|masina|om)(?: sau.*)?$|am (?:mai )?vorbit|drepturile omului|agent (?:imobiliar|de turism|de asigurari)|(?:colegul|agentul|operatorul) (?:[\w']+ ){0,3}(?:a spus|mi a spus|mi a zis|a inchis))\b",
    no_machine: r"\b(?:nu|n|fara|satul de|satula de|m am saturat de)\b(?: [\w']+){0,4} (?:cu )?(?:un |o |acest |aceasta )*(?:robot\w*|masina|masinarie|automat|calculator\w*|inteligenta artificiala|roboti|boti)\b",
    matters: &[
        (
            "cancellation",
            r"\b(?:anul\w+|rezili\w+|renunt\w*|dezabon\w+|inchid\w*|retrag\w*|opri\w+)\b(?: [\w']+){0,3}? (?:comanda|comenzile|abonament\w*|contract\w*|cont|contul|livrarea|tot|toate|achizitia|cumparatura|serviciul|serviciile|coletul)\b|\bnu mai (?:vreau|doresc|am nevoie de) (?:comanda|produsul|abonamentul|contractul|serviciul|coletul)\b|\b(?:vreau|doresc|as vrea) sa (?:reziliez|ma dezabonez)\b",
        ),
        ("complaint", r"\b(?:reclamatie|reclamatii|reclamatia|reclam|plangere|plangeri|plangerea|sesizare|sesizari)\b"),
        (
            "legal_threat",
            r"\b(?:dau|dam|voi da|actionez|actiona|chem)\b(?: [\w']+){0,2} in (?:judecata|instanta)\b|\bavocat\w*\b(?: [\w']+){0,2} (?:o sa|va|vor)\b|\bprotectia consumator\w+\b|\banpc\b|\bne vedem (?:la|in) (?:tribunal|instanta|judecata)\b",
        ),
        (
            "safety",
            r"\b(?:luat foc|explodat|electrocutat\w*|m am curentat|m a curentat|miroase a (?:gaz|gaze|ars|fum)|miros de gaz\w*|iese fum|scoate fum|scantei|ranit\w*|reactie alergica|a ars (?:copilul|mana))\b",
        ),
        (
            "fraud",
            r"\b(?:frauda|fraude|inselatorie|inselat|escroch\w+|escroci|spart contul|contul (?:[\w']+ ){0,3}spart|cineva (?:[\w']+ ){0,3}(?:cardul|contul|numele) meu|furat (?:cardul|identitatea|datele)|nu eu am (?:facut|comandat|platit))\b",
        ),
        (
            "data_protection",
            r"\b(?:gdpr|protectia datelor|date(?:le)? (?:mele )?(?:personale|cu caracter personal)|stergeti(?:mi)?(?: mi)?(?: toate)? datele|ce date aveti)\b",
        ),
        (
            "vulnerability",
            r"\b(?:(?:mi|ne) a murit (?:sotul|sotia|mama|tata|tatal|fiul|fiica|fratele|sora|copilul|bunica|bunicul)|a decedat|sinucid\w*|nevazator|nevazatoare|nu mai vreau sa traiesc|(?:sunt|am) (?:[\w']+ )?(?:handicap|dementa|grav bolnav\w*))\b",
        ),
    ],
    not_matters: &[
        ("complaint", r"\b(?:nicio (?:plangere|reclamatie)|nu (?:am|sun|vreau) (?:[\w']+ ){0,2}(?:plang\w+|reclam\w*))\b"),
        (
            "cancellation",
            r"\b(?:alarma|programarea|zborul|intalnirea|rezervarea|masa|hotelul|trenul|ceasul|dentist\w*|politica de anulare|taxa de anulare)\b|\b(?:s a|a fost|au) anulat\b",
        ),
        ("legal_threat", r"\b(?:film\w*|serial\w*|carte)\b"),
        ("safety", r"\b(?:vindeti|cat costa|in stoc|aveti (?:si |cumva )?(?:[\w']+ ){1,2}(?:pe|de|cu))\b"),
    ],
    anger: &[
        (
            r"\b(?:la naiba|dracu\w*|draci|naibii|naiba|nenorocit\w*|idiot\w*|prosti|prost|proasta|imbecil\w*|cretin\w*|tampit\w*|hoti|hot|incompetent\w*|jegos\w*|pula|mortii|rahat\w*|cacat|nesimtit\w*|bataie de joc|va bateti joc|jaf)\b",
            0.9,
        ),
        (
            r"\b(?:inadmisibil\w*|inacceptabil\w*|scandalos\w*|rusine|rusinos|strigator la cer|revoltator\w*|revoltat\w*|ridicol\w*|absurd\w*|jignitor|mizerabil\w*|dezgustator|penibil)\b",
            0.85,
        ),
        (
            r"\b(?:furios|furioasa|nervos|nervoasa|suparat foc|m am saturat|sunt satul|sunt satula|ajunge|pana aici|mi ajunge|nu mai suport|ma enerv\w+|enervat\w*|taci|taceti)\b",
            0.85,
        ),
    ],
    frustration: &[
        (
            r"\b(?:frustra\w+|enerva\w+|dezamagi\w+|suparat\w*|nemultumi\w+|pierdere de (?:timp|vreme)|pierd (?:timpul|vremea)|nu ma (?:ascultati|intelegeti|asculti|intelegi)|nu ati inteles|nu asta am (?:intrebat|spus)|degeaba)\b",
            0.8,
        ),
        (
            r"\b(?:astept (?:de|deja)|de (?:saptamani|luni|ore|zile|doua saptamani|o ora)|nimeni nu (?:[\w']+ ){0,2}(?:raspunde|ajuta|stie|suna)|tot nu|nici acum|inca nu|iar nu|de fiecare data|mereu)\b",
            0.6,
        ),
        (r"\b(?:groaznic|oribil|ingrozitor|foarte prost|cosmar|nu se poate asa ceva|incredibil)\b", 0.7),
    ],
    repeated: &[
        (
            r"\b(?:a treia|a patra|a cincea|a zecea|a suta|a nu stiu cata) oara\b|\bde (?:trei|patru|cinci|zece|nenumarate|mai multe|cate|o suta de) ori\b",
            1.0,
        ),
        (
            r"\b(?:v am|ti am|am) (?:mai |deja )?(?:spus|zis|explicat|intrebat|dat)(?: deja| o data| inainte)?\b|\ba doua oara\b|\bdin nou\b|\bdeja (?:v am|am) (?:spus|zis|explicat|intrebat)\b|\brepet\b|\btot (?:asta|aceeasi)\b",
            0.8,
        ),
    ],
    praise: r"\b(?:minunat|grozav|super|excelent|perfect|fantastic|felicitari|bravo|multumesc|mersi|extraordinar|genial|ce frumos|ce bine|ce amabil|ador|imi place|foarte util|foarte bine|frumos)\b",
    bad_state: r"\b(?:iar|din nou|tot|inca|nimic|nimeni|nu|niciodata|gresit|stricat|intarziat|pierdut|lipseste|astept\w*|saptamani|luni|ore|robot\w*|problema|eroare|a treia|degeaba|ca de obicei|ca intotdeauna|blocat)\b",
    mock_praise: r"\b(?:exact ce (?:imi lipsea|aveam nevoie|imi doream|mi trebuia)|multumesc pentru nimic|mersi de nimic|ce surpriza|foarte amuzant|ce treaba buna|buna treaba|ce noroc|bravo voua|felicitari|ce frumos|abia astept|sigur ca da|super tare|ce servicii|minunate servicii|ador sa|imi place (?:la nebunie )?(?:sa astept|cum))\b",
    calm: r"\b(?:multumesc|mersi|perfect|e bine|foarte bine|minunat|am inteles|nicio problema|nu e nimic)\b",
    not_own_feeling: r"\b(?:nu sunt|nu s|el e|ea e|sotul|sotia|seful) (?:[\w']+ ){0,2}(?:furios|furioasa|nervos|nervoasa|suparat|suparata)\b",
};
