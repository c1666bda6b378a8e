use super::*;

fn answer(kconfig: &str, config: &str, symbol: &str) -> Answer {
    let symbols = Symbols::of_text(kconfig, "Kconfig").unwrap();
    Why::new(&symbols, &DotConfig::parse(config)).explain(symbol)
}

fn off(kconfig: &str, config: &str, symbol: &str) -> Off {
    match answer(kconfig, config, symbol) {
        Answer::Off(off) => off,
        other => panic!("{other}"),
    }
}

fn lines(off: &Off) -> Vec<&str> {
    let change = off.change.as_ref().unwrap_or_else(|| panic!("{off:?}"));
    assert_eq!(change.outside, []);
    change.lines.iter().map(String::as_str).collect()
}

fn needs(off: &Off) -> Vec<String> {
    let terms = off.terms.iter();
    terms
        .map(|term| format!("{} {}", term.needs, term.place))
        .collect()
}

#[test]
fn only_false_terms_are_told_each_with_its_own_line() {
    let kconfig = "config X\n\tbool \"x\"\n\tdepends on A && B\n\tdepends on !C\n\tdepends on D || E\n\
         config A\n\tbool \"a\"\nconfig B\n\tbool \"b\"\nconfig C\n\tbool \"c\"\nconfig D\n\tbool \"d\"\nconfig E\n\tbool \"e\"\n";
    let found = off(kconfig, "CONFIG_A=y\nCONFIG_C=y\nCONFIG_D=y\n", "CONFIG_X");
    assert_eq!(needs(&found), ["B Kconfig:3", "!C Kconfig:4"]);
    assert_eq!(found.terms[1].values, ["C=y"]);
    assert_eq!(
        lines(&found),
        ["CONFIG_B=y", "# CONFIG_C is not set", "CONFIG_X=y"]
    );
}

#[test]
fn of_alternatives_the_cheapest_comes_first() {
    let kconfig = "config X\n\tbool \"x\"\n\tdepends on !M || G\nconfig M\n\tbool \"m\"\nconfig G\n\tbool \"g\"\n\tdepends on H && I\n\
         config H\n\tbool \"h\"\nconfig I\n\tbool \"i\"\n";
    let found = off(kconfig, "CONFIG_M=y\n", "X");
    let [term] = found.terms.as_slice() else {
        panic!("{found:?}")
    };
    assert!(term.any);
    let below: Vec<&str> = term.below.iter().map(|one| one.needs.as_str()).collect();
    assert_eq!(below, ["!M", "G"]);
    assert_eq!(lines(&found), ["# CONFIG_M is not set", "CONFIG_X=y"]);
    let found = off(kconfig, "CONFIG_M=y\nCONFIG_H=y\nCONFIG_I=y\n", "X");
    assert_eq!(found.terms[0].below.len(), 2, "both are shown");
}

#[test]
fn a_symbol_without_a_prompt_is_followed_to_its_defaults_and_to_what_selects_it() {
    let kconfig = "config X\n\tbool \"x\"\n\tdepends on HAVE && DERIVED\nconfig HAVE\n\tbool\n\
         config ARCH\n\tbool \"arch\"\n\tselect HAVE if WIDE\nconfig WIDE\n\tbool \"wide\"\n\
         config DERIVED\n\tdef_bool !NONE\nconfig NONE\n\tbool \"none\"\n";
    let found = off(kconfig, "CONFIG_ARCH=y\nCONFIG_NONE=y\n", "X");
    assert_eq!(
        lines(&found),
        ["CONFIG_WIDE=y", "# CONFIG_NONE is not set", "CONFIG_X=y"]
    );
    assert_eq!(found.terms[0].needs, "HAVE");
    assert_eq!(found.terms[0].below[0].needs, "WIDE");
    assert_eq!(found.terms[0].below[0].place, "Kconfig:8");
    assert_eq!(found.terms[1].below[0].needs, "!NONE");
    let hidden = off(kconfig, "CONFIG_ARCH=y\n", "HAVE");
    assert_eq!(lines(&hidden), ["CONFIG_WIDE=y"]);
}

#[test]
fn what_is_selected_is_turned_off_through_every_selector() {
    let kconfig = "config X\n\tbool \"x\"\n\tdepends on !LTO\nconfig LTO\n\tbool\n\
         config CLANG\n\tbool\n\tselect LTO\nconfig OTHER\n\tbool \"o\"\n\tselect LTO\n\
         choice\n\tprompt \"which\"\nconfig NONE\n\tbool \"none\"\nconfig THIN\n\tbool \"thin\"\n\tselect CLANG\n\
         config FULL\n\tbool \"full\"\n\tselect CLANG\nendchoice\n";
    let found = off(
        kconfig,
        "CONFIG_LTO=y\nCONFIG_CLANG=y\nCONFIG_OTHER=y\nCONFIG_FULL=y\n",
        "X",
    );
    assert_eq!(
        lines(&found),
        [
            "# CONFIG_FULL is not set",
            "CONFIG_NONE=y",
            "# CONFIG_OTHER is not set",
            "CONFIG_X=y"
        ],
        "the other member of the choice would bring it back"
    );
    let because = &found.terms[0].because;
    assert_eq!(because[0], "CLANG=y selects it (Kconfig:8)");
}

#[test]
fn a_member_of_a_choice_replaces_the_one_that_is_chosen() {
    let kconfig = "config GATE\n\tbool \"g\"\nchoice\n\tprompt \"which\"\n\tdepends on GATE\nconfig ONE\n\tbool \"one\"\n\
         config TWO\n\tbool \"two\"\nendchoice\n";
    let found = off(kconfig, "CONFIG_GATE=y\nCONFIG_ONE=y\n", "TWO");
    assert_eq!(needs(&found), [""; 0]);
    assert_eq!(lines(&found), ["# CONFIG_ONE is not set", "CONFIG_TWO=y"]);
    let found = off(kconfig, "", "TWO");
    assert_eq!(needs(&found), ["GATE Kconfig:5"]);
    assert_eq!(lines(&found), ["CONFIG_GATE=y", "CONFIG_TWO=y"]);
}

#[test]
fn what_nobody_is_asked_about_is_made_visible() {
    let kconfig = "config EXPERT\n\tbool \"e\"\nmenu \"M\"\n\tvisible if EXPERT\nconfig X\n\tbool \"x\"\nendmenu\n\
         config Y\n\tbool \"y\" if EXPERT\n";
    let found = off(kconfig, "", "X");
    assert_eq!(needs(&found), ["EXPERT Kconfig:4"]);
    assert_eq!(lines(&found), ["CONFIG_EXPERT=y", "CONFIG_X=y"]);
    let found = off(kconfig, "", "Y");
    assert_eq!(needs(&found), ["EXPERT Kconfig:9"]);
}

#[test]
fn a_tristate_becomes_a_module_where_that_takes_less() {
    let kconfig = "config MODULES\n\tbool \"m\"\nconfig BUS\n\ttristate \"b\"\nconfig X\n\ttristate \"x\"\n\tdepends on BUS\n";
    let found = off(kconfig, "CONFIG_MODULES=y\nCONFIG_BUS=m\n", "X");
    assert_eq!(lines(&found), ["CONFIG_X=m"]);
    let found = off(kconfig, "", "X");
    assert_eq!(lines(&found), ["CONFIG_BUS=y", "CONFIG_X=y"]);
}

#[test]
fn what_a_macro_decides_is_said_to_be_outside_of_the_configuration() {
    let kconfig = "config VERSION\n\tint\n\tdefault $(rustc-version)\nconfig READY\n\tdef_bool $(success,check.sh)\n\
         config X\n\tbool \"x\"\n\tdepends on VERSION >= 109600 && READY\n";
    let found = off(kconfig, "CONFIG_VERSION=109500\n", "X");
    assert_eq!(
        needs(&found),
        ["VERSION >= 109600 Kconfig:8", "READY Kconfig:8"]
    );
    let outside = found.change.unwrap().outside;
    let told: Vec<&str> = outside.iter().map(|one| one.recorded.as_str()).collect();
    assert_eq!(told, ["VERSION=109500", "READY=n"]);
    assert_eq!(outside[1].decided_by, "$(success,check.sh)");
    assert_eq!(outside[1].place, "Kconfig:5");
}

#[test]
fn a_change_that_undoes_itself_is_no_answer() {
    let kconfig = "config X\n\tbool \"x\"\n\tdepends on A && !B\nconfig A\n\tbool \"a\"\n\tselect B\nconfig B\n\tbool\n";
    let found = off(kconfig, "", "X");
    assert_eq!(found.change, None);
    let obstacle = found.obstacle.unwrap();
    assert!(obstacle.contains("selects B"), "{obstacle}");
}

#[test]
fn what_much_depends_on_is_not_turned_off_to_save_a_line() {
    let kconfig = "config X\n\tbool \"x\"\n\tdepends on !VERSIONS\nconfig VERSIONS\n\tbool\n\
         config S\n\tbool \"s\"\n\tselect VERSIONS if MODULES\n\tselect T\nconfig T\n\tbool \"t\"\n\
         config MODULES\n\tbool \"m\"\nconfig D1\n\ttristate \"d\"\nconfig D2\n\ttristate \"d\"\nconfig D3\n\ttristate \"d\"\n";
    let modules =
        "CONFIG_S=y\nCONFIG_VERSIONS=y\nCONFIG_MODULES=y\nCONFIG_D1=m\nCONFIG_D2=m\nCONFIG_D3=m\n";
    let found = off(kconfig, modules, "X");
    assert_eq!(lines(&found), ["# CONFIG_S is not set", "CONFIG_X=y"]);
    let kconfig = kconfig.replace("if MODULES", "if !TEST") + "config TEST\n\tbool \"t\"\n";
    let found = off(&kconfig, "CONFIG_S=y\nCONFIG_VERSIONS=y\n", "X");
    assert_eq!(lines(&found), ["# CONFIG_S is not set", "CONFIG_X=y"]);
}

#[test]
fn a_symbol_that_is_on_says_what_made_it_so() {
    let kconfig = "config A\n\tbool \"a\"\n\tselect X\nconfig X\n\tbool\n";
    let Answer::On(on) = answer(kconfig, "CONFIG_A=y\nCONFIG_X=y\n", "X") else {
        panic!("it is on")
    };
    assert_eq!(on.because, ["A=y selects it (Kconfig:3)"]);
    assert_eq!(on.change.unwrap().lines, ["# CONFIG_A is not set"]);
}

#[test]
fn a_name_that_does_not_exist_is_answered_with_those_like_it() {
    let kconfig = "config RUST\n\tbool \"r\"\nconfig OTHER\n\tbool \"o\"\n";
    let Answer::Unknown { nearest, .. } = answer(kconfig, "", "CONFIG_RSUT") else {
        panic!("it does not exist")
    };
    assert_eq!(nearest, ["RUST"]);
}
