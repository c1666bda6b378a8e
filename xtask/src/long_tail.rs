//! `cargo xtask long-tail`: docs/long-tail.md, whose list of wishes is written from the ledger.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use camino::Utf8Path;
use gateless_ledger::{Delivered, Entry, Ledger, Outside};

/// The page.
const PAGE: &str = "docs/long-tail.md";

/// The lines between which nobody writes by hand.
const START: &str = "<!-- wishes: cargo xtask long-tail -->\n";
const END: &str = "<!-- end of wishes -->\n";

/// Writes the page.
pub fn run(root: &Utf8Path) -> anyhow::Result<ExitCode> {
    let (written, wanted) = page(root)?;
    if written != wanted {
        fs_err::write(root.join(PAGE), wanted)?;
        println!("{PAGE}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The page, if it is not what the ledger gives.
pub fn stale(root: &Utf8Path) -> anyhow::Result<Vec<String>> {
    let (written, wanted) = page(root)?;
    Ok(match written == wanted {
        true => Vec::new(),
        false => vec![format!("{PAGE}: stale; `cargo xtask long-tail` writes it")],
    })
}

/// The page as it is, and as it should be.
fn page(root: &Utf8Path) -> anyhow::Result<(String, String)> {
    let written = fs_err::read_to_string(root.join(PAGE))?;
    let wanted = fill(&written, Ledger::embedded())?;
    Ok((written, wanted))
}

fn fill(page: &str, ledger: &Ledger) -> anyhow::Result<String> {
    let (head, rest) = page
        .split_once(START)
        .with_context(|| format!("{PAGE} has no line {}", START.trim_end()))?;
    let (_, tail) = rest
        .split_once(END)
        .with_context(|| format!("{PAGE} has no line {}", END.trim_end()))?;
    Ok(format!("{head}{START}\n{}{END}{tail}", wishes(ledger)))
}

/// All wishes: first a table of those that are fulfilled, then why the others are not.
fn wishes(ledger: &Ledger) -> String {
    let mut text =
        String::from("| wish | way | command | what was seen |\n| --- | --- | --- | --- |\n");
    let delivered = ledger
        .iter()
        .filter_map(|(id, entry)| Some((id, entry, entry.delivered.as_ref()?)));
    for (id, entry, Delivered { way, command, seen }) in delivered {
        let _ = writeln!(
            text,
            "| {} ({id}) | {} | `{command}` | {} |",
            code(entry),
            line(way),
            line(seen)
        );
    }
    let outside = ledger
        .iter()
        .filter_map(|(id, entry)| Some((id, entry, entry.outside.as_ref()?)));
    for (id, entry, Outside { why, program, said }) in outside {
        let _ = write!(
            text,
            "\n### {}\n\n{}\n\nTried (`ledger/{id}.toml`):\n\n```text\n{}\n```\n\nWhat came: {}.\n",
            entry.name,
            why.trim(),
            program.trim_end(),
            line(said)
        );
    }
    text + "\n"
}

/// What the wish is called; as code where it is an option.
fn code(entry: &Entry) -> String {
    match entry.name.starts_with('-') {
        true => format!("`{}`", entry.name),
        false => entry.name.clone(),
    }
}

/// A text of several lines in one, as a table takes it.
fn line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "kind = \"wish\"\nname = \"NAME\"\nstatus = \"wish\"\narchs = []\nused_in = []\ndepends_on = []\nstable_way = \"\"\nsource = \"\"\n";

    fn ledger() -> Ledger {
        let delivered = ENTRY.replace("NAME", "-Cone=a")
            + "[delivered]\nway = \"a | b\"\ncommand = \"do it\"\nseen = \"it\\ndone\"\n";
        let outside = ENTRY.replace("NAME", "two")
            + "[outside]\nwhy = \"since\"\nprogram = '''\nfn f() {}\n'''\nsaid = \"E0000\"\n";
        let files = [("one.toml", &delivered), ("two.toml", &outside)];
        Ledger::load(
            files
                .map(|(name, text)| (name.to_owned(), text.as_str()))
                .into_iter(),
        )
        .unwrap()
    }

    #[test]
    fn the_list_is_put_between_its_lines_and_the_rest_stays() {
        let page = format!("# Page\n\n{START}old\n{END}\nMore.\n");
        let filled = fill(&page, &ledger()).unwrap();
        assert!(filled.starts_with("# Page\n\n<!--") && filled.ends_with("-->\n\nMore.\n"));
        assert!(filled.contains("| `-Cone=a` (one) | a \\| b | `do it` | it done |"));
        assert!(filled.contains("### two\n\nsince\n\nTried (`ledger/two.toml`):"));
        assert!(filled.contains("What came: E0000.") && !filled.contains("old"));
        assert_eq!(fill(&filled, &ledger()).unwrap(), filled);
        assert!(fill("# Page\n", &ledger()).is_err());
    }
}
