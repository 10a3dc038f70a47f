//! Words and what they stand for: a line for each, with a blank in between. As pairs of texts a table would be twice as long, since
//! each text of a program costs a pointer and a length.

use std::cmp::Ordering;

/// Provinces of Canada, then the states of the United States, by their letters alone. The order decides which one a text that
/// contains several means, and is that of Meta's builder.
pub(super) const STATES: &str = "\
ontario on
quebec qc
britishcolumbia bc
alberta ab
saskatchewan sk
manitoba mb
novascotia ns
newbrunswick nb
princeedwardisland pe
newfoundlandandlabrador nl
yukon yt
northwestterritories nt
nunavut nu
alabama al
alaska ak
arizona az
arkansas ar
california ca
colorado co
connecticut ct
delaware de
florida fl
georgia ga
hawaii hi
idaho id
illinois il
indiana in
iowa ia
kansas ks
kentucky ky
louisiana la
maine me
maryland md
massachusetts ma
michigan mi
minnesota mn
mississippi ms
missouri mo
montana mt
nebraska ne
nevada nv
newhampshire nh
newjersey nj
newmexico nm
newyork ny
northcarolina nc
northdakota nd
ohio oh
oklahoma ok
oregon or
pennsylvania pa
rhodeisland ri
southcarolina sc
southdakota sd
tennessee tn
texas tx
utah ut
vermont vt
virginia va
washington wa
westvirginia wv
wisconsin wi
wyoming wy";

/// English names of countries by their letters alone, sorted: those that Meta's builder knows, and `uk`, which is no code of
/// ISO 3166-1 but what many write.
pub(super) const COUNTRIES: &str = "\
afghanistan af
alandislands ax
albania al
algeria dz
americansamoa as
andorra ad
angola ao
anguilla ai
antarctica aq
antiguaandbarbuda ag
argentina ar
armenia am
aruba aw
australia au
austria at
azerbaijan az
bahamas bs
bahrain bh
bangladesh bd
barbados bb
belarus by
belgium be
belize bz
benin bj
bermuda bm
bhutan bt
bolivia bo
boliviaplurinationalstateof bo
bonairesinteustatinsandsaba bq
bosniaandherzegovina ba
botswana bw
bouvetisland bv
brazil br
britishindianoceanterritory io
brunei bn
bruneidarussalam bn
bulgaria bg
burkinafaso bf
burundi bi
cambodia kh
cameroon cm
canada ca
capeverde cv
caymanislands ky
centralafricanrepublic cf
chad td
chile cl
china cn
christmasisland cx
cocoskeelingislands cc
colombia co
comoros km
congo cg
congothedemocraticrepublicofthe cd
cookislands ck
costarica cr
cotedivoire ci
croatia hr
cuba cu
curacao cw
cyprus cy
czechrepublic cz
democraticrepublicofthecongo cd
denmark dk
djibouti dj
dominica dm
dominicanrepublic do
easttimor tl
ecuador ec
egypt eg
elsalvador sv
equatorialguinea gq
eritrea er
estonia ee
eswatini sz
ethiopia et
falklandislandsmalvinas fk
faroeislands fo
fiji fj
finland fi
france fr
frenchguiana gf
frenchpolynesia pf
frenchsouthernterritories tf
gabon ga
gambia gm
georgia ge
germany de
ghana gh
gibraltar gi
greece gr
greenland gl
grenada gd
guadeloupe gp
guam gu
guatemala gt
guernsey gg
guinea gn
guineabissau gw
guyana gy
haiti ht
heardislandandmcdonaldislands hm
holyseevaticancitystate va
honduras hn
hongkong hk
hungary hu
iceland is
ind in
india in
indonesia id
iran ir
iranislamicrepublicof ir
iraq iq
ireland ie
isleofman im
israel il
italy it
ivorycoast ci
jamaica jm
japan jp
jersey je
jordan jo
kazakhstan kz
kenya ke
kiribati ki
koreademocraticpeoplesrepublicof kp
korearepublicof kr
kuwait kw
kyrgyzstan kg
laopeoplesdemocraticrepublic la
laos la
latvia lv
lebanon lb
lesotho ls
liberia lr
libya ly
liechtenstein li
lithuania lt
luxembourg lu
macao mo
macedonia mk
macedoniatheformeryugoslavrepublicof mk
madagascar mg
malawi mw
malaysia my
maldives mv
mali ml
malta mt
marshallislands mh
martinique mq
mauritania mr
mauritius mu
mayotte yt
mexico mx
micronesia fm
micronesiafederatedstatesof fm
moldova md
moldovarepublicof md
monaco mc
mongolia mn
montenegro me
montserrat ms
morocco ma
mozambique mz
myanmar mm
namibia na
nauru nr
nepal np
netherlands nl
newcaledonia nc
newzealand nz
nicaragua ni
niger ne
nigeria ng
niue nu
norfolkisland nf
northernmarianaislands mp
northkorea kp
norway no
oman om
pakistan pk
palau pw
palestine ps
palestinestateof ps
panama pa
papuanewguinea pg
paraguay py
peru pe
philippines ph
pitcairn pn
poland pl
portugal pt
puertorico pr
qatar qa
reunion re
romania ro
russia ru
russianfederation ru
rwanda rw
saintbarthelemy bl
sainthelenaascensionandtristandacunha sh
saintkittsandnevis kn
saintlucia lc
saintmartinfrenchpart mf
saintpierreandmiquelon pm
saintvincentandthegrenadines vc
samoa ws
sanmarino sm
saotomeandprincipe st
saudiarabia sa
senegal sn
serbia rs
seychelles sc
sierraleone sl
singapore sg
sintmaartenductchpart sx
slovakia sk
slovenia si
solomonislands sb
somalia so
southafrica za
southgeorgiaandthesouthsandwichislands gs
southkorea kr
southsudan ss
spain es
srilanka lk
sudan sd
suriname sr
svalbardandjanmayen sj
swaziland sz
sweden se
switzerland ch
syria sy
syrianarabrepublic sy
taiwan tw
taiwanprovinceofchina tw
tajikistan tj
tanzania tz
tanzaniaunitedrepublicof tz
thailand th
timorleste tl
togo tg
tokelau tk
tonga to
trinidadandtobago tt
tunisia tn
turkey tr
turkmenistan tm
turksandcaicosislands tc
tuvalu tv
uganda ug
uk gb
ukraine ua
unitedarabemirates ae
unitedkingdom gb
unitedstates us
unitedstatesminoroutlyingislands um
unitedstatesofamerica us
uruguay uy
usa us
uzbekistan uz
vanuatu vu
vatican va
venezuela ve
venezuelabolivarianrepublicof ve
vietnam vn
virginislandsbritish vg
virginislandsus vi
wallisandfutuna wf
westernsahara eh
yemen ye
zambia zm
zimbabwe zw";

/// Words for female and male, sorted.
pub(super) const GENDERS: &str = "\
aunt f
belle f
bloke m
boy m
boyfriend m
bride f
brother m
chap m
chick f
count m
countess f
dad m
daddy m
dame f
daughter f
duchess f
dude m
duke m
emperor m
empress f
f f
father m
fellow m
female f
gal f
gentleman m
girl f
girlfriend f
god m
goddess f
groom m
guy m
he m
her f
hers f
herself f
him m
himself m
his m
husband m
king m
lad m
lady f
lass f
lord m
m m
ma'am f
madam f
maiden f
male m
mama f
man m
miss f
mister m
mom f
mommy f
mother f
mr m
mrs f
ms f
nephew m
niece f
papa m
prince m
princess f
queen f
she f
sir m
sister f
son m
uncle m
widow f
widower m
wife f
woman f";

/// The 249 codes of [ISO 3166-1](https://www.iso.org/iso-3166-country-codes.html), one after the other, sorted.
pub(super) const CODES: &[u8; 2 * 249] = b"\
    adaeafagaialamaoaqarasatauawaxazbabbbdbebfbgbhbibjblbmbnbobqbrbsbtbvbwbybzcacccdcfcgchcickclcmcncocrcucvcwcxcy\
    czdedjdkdmdodzeceeegeheresetfifjfkfmfofrgagbgdgegfggghgiglgmgngpgqgrgsgtgugwgyhkhmhnhrhthuidieiliminioiqirisit\
    jejmjojpkekgkhkikmknkpkrkwkykzlalblclilklrlsltlulvlymamcmdmemfmgmhmkmlmmmnmompmqmrmsmtmumvmwmxmymznancnenfngni\
    nlnonpnrnunzompapepfpgphpkplpmpnprpsptpwpyqarerorsrurwsasbscsdsesgshsisjskslsmsnsosrssstsvsxsysztctdtftgthtjtk\
    tltmtntotrtttvtwtzuaugumusuyuzvavcvevgvivnvuwfwsyeytzazmzw";

/// The words of a table, each with what it stands for.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> + Clone {
    table.lines().filter_map(|row| row.split_once(' '))
}

/// What a word of a sorted table stands for.
pub(super) fn find(table: &'static str, word: &str) -> Option<&'static str> {
    let mut rows = table;
    loop {
        let (before, after) = rows.split_at_checked(rows.len() / 2)?;
        let above = before.rsplit_once('\n').map_or("", |(above, _)| above);
        let (rest, below) = after.split_once('\n').unwrap_or((after, ""));
        let row = rows.get(..before.len() + rest.len())?.get(above.len()..)?.trim_start_matches('\n');
        // Where no row is left there is nothing to split.
        let (other, meaning) = row.split_once(' ')?;
        match word.cmp(other) {
            Ordering::Equal => return Some(meaning),
            Ordering::Less => rows = above,
            Ordering::Greater => rows = below,
        }
    }
}

/// For each first letter the second ones that make a code, a bit each.
const SECOND: [u32; 26] = {
    let mut second = [0; 26];
    let (codes, _) = CODES.as_chunks::<2>();
    let mut at = 0;
    while at < codes.len() {
        let [one, other] = codes[at];
        second[(one - b'a') as usize] |= 1 << (other - b'a');
        at += 1;
    }
    second
};

/// Whether these are the two letters of a country, in lower case.
pub(super) fn is_country(code: &[u8]) -> bool {
    let [one, other] = *code else { return false };
    let place = |letter: u8| letter.wrapping_sub(b'a');
    let second = SECOND.get(usize::from(place(one))).and_then(|second| second.checked_shr(place(other).into()));
    second.is_some_and(|second| second & 1 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_and_no_other() {
        for table in [COUNTRIES, GENDERS] {
            let words: Vec<_> = rows(table).map(|(word, _)| word).collect();
            assert_eq!(words.len(), table.lines().count());
            assert!(words.is_sorted());
            for (word, meaning) in rows(table) {
                assert_eq!(find(table, word), Some(meaning));
                for other in [&word[1..], &format!("{word}x"), &format!("{word} {meaning}"), &format!("{word}\n")] {
                    assert_eq!(
                        find(table, other),
                        rows(table).find(|(word, _)| *word == other).map(|(_, found)| found)
                    );
                }
            }
            for other in ["", " ", "\n", "0", "~", "é"] {
                assert_eq!(find(table, other), None);
            }
        }
        assert_eq!((rows(STATES).count(), STATES.lines().count()), (63, 63));
    }

    #[test]
    fn codes_are_sorted_and_names_stand_for_them() {
        assert!(CODES.as_chunks::<2>().0.is_sorted());
        for (name, code) in rows(COUNTRIES) {
            assert!(is_country(code.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_country_is_whose_code_is_listed() {
        let (codes, _) = CODES.as_chunks::<2>();
        for code in (0..=u16::MAX).map(u16::to_be_bytes) {
            assert_eq!(is_country(&code), codes.contains(&code), "{code:?}");
        }
        assert!(!is_country(b"") && !is_country(b"d") && !is_country(b"deu"));
    }
}
