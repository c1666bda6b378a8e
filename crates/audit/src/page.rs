//! What the pages have in common: one file each, no network, no script from elsewhere.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A whole page.
pub fn document(title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // No favicon is asked for, so that nothing is fetched at all.
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                a.skip href="#gates" { "To the table of gates" }
                (body)
                script { (PreEscaped(include_str!("page.js"))) }
            }
        }
    }
    .into_string()
}

/// The head of a column that sorts.
pub fn column(title: &str, class: &str) -> Markup {
    html! { th class=(class) scope="col" { button type="button" { (title) } } }
}

/// A card of the summary.
pub fn card(number: impl std::fmt::Display, words: &str) -> Markup {
    html! { li { b { (number) } (words) } }
}
