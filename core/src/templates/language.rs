//! Tells in which language a customer writes, on the device.
//!
//! A short text is told apart far better among a few languages than among all, so it is compared with those of the
//! templates first: for those it matters. Only a text that clearly is in none of them is called by its own language.
//! The detector goes by groups of three letters, which leaves it guessing on a line of chat; the small words that
//! people write in every sentence tell more there, and are asked first.

use std::collections::BTreeSet;

use whatlang::{Detector, Lang};

/// How many letters a text needs before a language that no template has is believed.
const MIN_FOREIGN_LETTERS: usize = 20;
/// More of a text does not tell more.
const MAX_CHARS: usize = 1_000;

/// The two letters of ISO 639-1 beside the detector's languages.
const CODES: &[(&str, Lang)] = &[
    ("af", Lang::Afr),
    ("ak", Lang::Aka),
    ("am", Lang::Amh),
    ("ar", Lang::Ara),
    ("az", Lang::Aze),
    ("be", Lang::Bel),
    ("bg", Lang::Bul),
    ("bn", Lang::Ben),
    ("ca", Lang::Cat),
    ("cs", Lang::Ces),
    ("cy", Lang::Cym),
    ("da", Lang::Dan),
    ("de", Lang::Deu),
    ("el", Lang::Ell),
    ("en", Lang::Eng),
    ("eo", Lang::Epo),
    ("es", Lang::Spa),
    ("et", Lang::Est),
    ("fa", Lang::Pes),
    ("fi", Lang::Fin),
    ("fr", Lang::Fra),
    ("gu", Lang::Guj),
    ("he", Lang::Heb),
    ("hi", Lang::Hin),
    ("hr", Lang::Hrv),
    ("hu", Lang::Hun),
    ("hy", Lang::Hye),
    ("id", Lang::Ind),
    ("it", Lang::Ita),
    ("ja", Lang::Jpn),
    ("jv", Lang::Jav),
    ("ka", Lang::Kat),
    ("km", Lang::Khm),
    ("kn", Lang::Kan),
    ("ko", Lang::Kor),
    ("la", Lang::Lat),
    ("lt", Lang::Lit),
    ("lv", Lang::Lav),
    ("mk", Lang::Mkd),
    ("ml", Lang::Mal),
    ("mr", Lang::Mar),
    ("my", Lang::Mya),
    ("nb", Lang::Nob),
    ("ne", Lang::Nep),
    ("nl", Lang::Nld),
    ("no", Lang::Nob),
    ("or", Lang::Ori),
    ("pa", Lang::Pan),
    ("pl", Lang::Pol),
    ("pt", Lang::Por),
    ("ro", Lang::Ron),
    ("ru", Lang::Rus),
    ("si", Lang::Sin),
    ("sk", Lang::Slk),
    ("sl", Lang::Slv),
    ("sn", Lang::Sna),
    ("sr", Lang::Srp),
    ("sv", Lang::Swe),
    ("ta", Lang::Tam),
    ("te", Lang::Tel),
    ("th", Lang::Tha),
    ("tk", Lang::Tuk),
    ("tl", Lang::Tgl),
    ("tr", Lang::Tur),
    ("uk", Lang::Ukr),
    ("ur", Lang::Urd),
    ("uz", Lang::Uzb),
    ("vi", Lang::Vie),
    ("yi", Lang::Yid),
    ("zh", Lang::Cmn),
    ("zu", Lang::Zul),
];

/// The small words of the languages that are most written, those that a line of chat can hardly do without.
const SMALL_WORDS: &[(&str, &str)] = &[
    (
        "en",
        "the a an is are am was were be been it its i i'm im my you your we our they this that these those and or not \
         don't dont doesn't can't cant didn't haven't hasn't it's to of in on for with from at by when where what how \
         why which who can could would will do does did have has had get got please pls any still there if so but \
         hi hello hey thanks me us",
    ),
    (
        "de",
        "der die das den dem ein eine einen ist sind war bin ich mein meine meinen sie ihr wir uns und oder nicht kein \
         keine zu von mit auf für aus bei wann wo was wie warum kann können könnte würde werden habe haben hat bitte \
         noch schon es auch nach aber wenn hallo danke mir mich",
    ),
    (
        "fr",
        "le la les un une des du de est sont suis je j'ai mon ma mes vous votre nous notre et ou ne pas à en sur pour \
         avec dans par quand où que qui comment pourquoi peux pouvez puis ai avez avoir c'est ce cette il elle encore \
         toujours bonjour merci s'il plaît mais si me moi",
    ),
    (
        "es",
        "el la los las un una de del es son está están soy estoy yo mi mis usted su nos nuestro y o no a en por para \
         con cuándo cuando dónde donde qué que cómo como puedo pueden puede he ha tengo tienen hay me lo se si pero \
         todavía hola gracias favor al ya",
    ),
    (
        "it",
        "il lo la gli le un una di del della è sono sei ho hai ha abbiamo avete mio mia vostro e o non a in per con da \
         dal che chi come quando dove perché posso potete può mi si ma se ancora già ciao buongiorno grazie questo \
         questa al alla nel",
    ),
    (
        "pt",
        "o a os as um uma de do da dos das é são está estou eu meu minha você vocês seu nosso e ou não em no na por \
         para com quando onde que como posso podem pode tenho tem há me se mas ainda olá obrigado obrigada isso ao já",
    ),
    (
        "nl",
        "de het een is zijn ben was ik mijn u uw je jullie wij we ons en of niet geen te van met op voor uit bij \
         wanneer waar wat hoe waarom kan kunnen zou heb hebben heeft nog al er dat dit maar als hallo bedankt mij me",
    ),
    (
        "pl",
        "jest są był nie tak to ten ta i w na z do od po za czy jak kiedy gdzie co dlaczego mogę można proszę mam ma mi \
         mnie moje mój moja się że ale już jeszcze dzień dobry dziękuję o u dla przez",
    ),
    (
        "ru",
        "и в во на с со не что как где когда а у к по от до за из для или но это мне меня мой моя мое моё мои я вы вас \
         вам мы нас есть был была было были ли бы же уже еще ещё если можно нет да так то чтобы почему он она они \
         пожалуйста здравствуйте привет спасибо подскажите все всё до при о",
    ),
    (
        "uk",
        "і й в у на з із не що як де коли а до по від за для чи або але це мені мене мій моя моє мої я ви вас вам ми \
         нас є був була було були би б вже ще якщо можна ні так щоб чому він вона вони будь ласка добрий день дякую \
         та про при",
    ),
    (
        "tr",
        "bir bu şu ve veya değil mi mı mu mü ne nasıl nerede neden için ile de da ben benim siz sizin biz var yok ama \
         daha hala merhaba teşekkürler lütfen olarak kadar çok en ki",
    ),
    (
        "sv",
        "och eller inte jag min mitt mina du ni er vi oss är var har hade kan kunde vill ska en ett det den de som på i \
         av med för från till när hur varför vad men om hej tack snälla mig än",
    ),
];

/// How many small words of one language, and how much fewer of the others, make a text foreign.
const FOREIGN_WORDS: usize = 3;

/// How many of the words are small words of each language.
fn small_words(words: &str) -> Vec<(&'static str, usize)> {
    let words = words.to_lowercase().replace('’', "'");
    let words: Vec<&str> = words
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .map(|word| word.trim_matches('\''))
        .filter(|word| !word.is_empty())
        .collect();
    SMALL_WORDS
        .iter()
        .map(|(code, list)| {
            (*code, words.iter().filter(|word| list.split_whitespace().any(|one| one == **word)).count())
        })
        .collect()
}

fn lang(code: &str) -> Option<Lang> {
    CODES.iter().find(|(known, _)| *known == code).map(|(_, lang)| *lang)
}

fn code(lang: Lang) -> Option<&'static str> {
    CODES.iter().find(|(_, known)| *known == lang).map(|(code, _)| *code)
}

/// What says nothing of a language: addresses of pages and mailboxes, and what has digits in it.
fn is_word(word: &str) -> bool {
    !word.contains("://")
        && !word.starts_with("www.")
        && !word.contains('@')
        && !word.contains(|c: char| c.is_numeric())
}

/// The language of a text, as ISO 639-1: one of `among`, or another one if it clearly is that.
pub(crate) fn detect(text: &str, among: &BTreeSet<String>) -> Option<String> {
    let mut words = String::new();
    for word in text.split_whitespace().filter(|word| is_word(word)) {
        if words.len() > MAX_CHARS {
            break;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.extend(word.chars().take(60));
    }
    let letters = words.chars().filter(|c| c.is_alphabetic()).count();
    if letters == 0 {
        return None;
    }
    let among: Vec<(&str, Lang)> = among.iter().filter_map(|code| Some((code.as_str(), lang(code)?))).collect();
    let hits = small_words(&words);
    let of = |code: &str| hits.iter().find(|(known, _)| *known == code).map_or(0, |(_, hits)| *hits);
    let most = among.iter().map(|(code, _)| of(code)).max().unwrap_or(0);
    if letters >= MIN_FOREIGN_LETTERS
        && let Some((foreign, count)) = hits.iter().max_by_key(|(_, hits)| *hits)
        && *count >= FOREIGN_WORDS
        && *count >= most * 2
        && !among.iter().any(|(code, _)| code == foreign)
    {
        return Some((*foreign).to_owned());
    }
    // Those with the most small words; the detector decides between equals, as it does where there are none.
    let best: Vec<Lang> = among.iter().filter(|(code, _)| of(code) == most).map(|(_, lang)| *lang).collect();
    let ours = Detector::with_allowlist(best)
        .detect(&words)
        .and_then(|info| among.iter().find(|(_, lang)| *lang == info.lang()))
        .map(|(code, _)| (*code).to_owned());
    if most > 0 || (letters < MIN_FOREIGN_LETTERS && ours.is_some()) {
        return ours;
    }
    match Detector::new().detect(&words) {
        // Scripts of one language are certain however short the text is.
        Some(any) if any.is_reliable() && !among.iter().any(|(_, lang)| *lang == any.lang()) => {
            code(any.lang()).map(Into::into)
        }
        _ => ours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(codes: &[&str]) -> BTreeSet<String> {
        codes.iter().map(|&code| code.to_owned()).collect()
    }

    #[test]
    fn f25_a_language_is_told_by_a_short_text_too() {
        let ours = among(&["en", "ru"]);
        for (text, language) in [
            ("hi", Some("en")),
            ("спс", Some("ru")),
            ("where is my parcel", Some("en")),
            ("а где посылка-то", Some("ru")),
            ("заказ 4711 на iPhone", Some("ru")),
            ("order 4711", Some("en")),
            ("4711", None),
            ("🎉", None),
            ("", None),
            ("https://shop.example.com/item x@example.com", None),
        ] {
            assert_eq!(detect(text, &ours).as_deref(), language, "{text}");
        }
    }

    #[test]
    fn f25_a_language_without_templates_is_not_taken_for_another_one() {
        let ours = among(&["en", "ru"]);
        for (text, language) in [
            ("Guten Tag, ich warte seit zwei Wochen auf meine Bestellung und habe nichts gehört", "de"),
            ("Bonjour, je n'ai toujours pas reçu ma commande, pouvez-vous m'aider s'il vous plaît ?", "fr"),
            ("请问我的订单什么时候可以发货", "zh"),
            ("注文した商品はいつ届きますか", "ja"),
            ("สินค้าของฉันอยู่ที่ไหน", "th"),
            ("주문한 상품이 아직 안 왔어요", "ko"),
        ] {
            assert_eq!(detect(text, &ours).as_deref(), Some(language), "{text}");
        }
    }

    #[test]
    fn f25_languages_of_one_script_are_told_apart() {
        let ours = among(&["de", "en", "es", "fr", "ru", "uk"]);
        for (text, language) in [
            ("where is my order, it should have come yesterday", "en"),
            ("wo bleibt meine Bestellung, sie sollte gestern kommen", "de"),
            ("dónde está mi pedido, tenía que llegar ayer", "es"),
            ("où est ma commande, elle devait arriver hier", "fr"),
            ("где мой заказ, его обещали ещё вчера", "ru"),
            ("де моє замовлення, його обіцяли ще вчора", "uk"),
        ] {
            assert_eq!(detect(text, &ours).as_deref(), Some(language), "{text}");
        }
    }

    #[test]
    fn f25_every_language_of_the_detector_has_its_two_letters() {
        for &lang in Lang::all() {
            assert!(code(lang).is_some_and(|code| code.len() == 2), "{lang}");
        }
    }
}
