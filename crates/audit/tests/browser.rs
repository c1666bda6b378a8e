//! The pages in a real browser: they render, sort, filter and link, write nothing to the console, fetch nothing, and fit a phone.
//!
//! The browser is `chromium` (Debian's package); without it the tests show as ignored.

use std::process::Command;

use gateless_audit::audit::{Audit, html};
use gateless_audit::roadmap::{self, Point, Selection};
use gateless_ledger::Ledger;
use gateless_trials::Need;
use libtest_mimic::{Arguments, Failed};
use serde_json::Value;

/// Loads a page into a frame as wide as a phone, uses it, and leaves what it saw as JSON in the document.
const HARNESS: &str = r#"<!DOCTYPE html><meta charset="utf-8"><body><iframe id="f" width="390" height="844" style="border:0"></iframe><pre id="result"></pre><script>
const errors = [];
const frame = document.getElementById("f");
frame.addEventListener("load", () => {
  const page = frame.contentDocument, view = frame.contentWindow;
  const table = page.querySelector("table.sortable");
  const column = (name) => [...table.querySelectorAll("th")].findIndex((th) => th.textContent === name);
  const values = (i) => [...table.tBodies[0].rows].map((row) => row.cells[i].textContent.trim());
  const press = (name) => table.querySelectorAll("th")[column(name)].querySelector("button").click();
  const number = NUMBER;
  press(number); const up = values(column(number)).map(Number);
  press(number); const down = values(column(number)).map(Number);
  press("Gate"); const names = values(column("Gate"));
  const filter = page.getElementById("filter");
  filter.value = "arbitrary_self"; filter.dispatchEvent(new Event("input"));
  const shown = [...table.tBodies[0].rows].filter((row) => !row.hidden).length;
  filter.value = ""; filter.dispatchEvent(new Event("input"));
  const luminance = (color) => color.match(/[\d.]+/g).slice(0, 3).map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    const color = view.getComputedStyle(element).backgroundColor;
    return color !== "rgba(0, 0, 0, 0)" || element === page.body ? color : behind(element.parentElement);
  };
  const contrast = (element) => {
    const [a, b] = [luminance(view.getComputedStyle(element).color), luminance(behind(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const texts = ["body", "p", "td", "td a", "th button", ".need", ".cards li", ".cards b", "summary"];
  const contrasts = texts.map((text) => page.querySelector(text)).filter(Boolean).map(contrast);
  const night = view.matchMedia("(prefers-color-scheme: dark)").matches;
  const ground = luminance(view.getComputedStyle(page.body).backgroundColor);
  const reach = [...page.querySelectorAll("a[href], button, input, summary, [tabindex]")];
  const unreachable = reach.filter((element) => {
    element.focus({ focusVisible: true });
    const style = view.getComputedStyle(element);
    const box = element.querySelector(".box");
    const shown = style.outlineStyle !== "none" || element.matches(".skip") || (box && view.getComputedStyle(box).strokeWidth === "3px");
    return page.activeElement !== element || element.tabIndex !== 0 || !shown;
  }).map((element) => element.outerHTML.slice(0, 80));
  const width = Math.max(page.documentElement.scrollWidth, page.body.scrollWidth), inner = view.innerWidth;
  // As on paper: A4 between margins of a centimetre is 718 pixels wide.
  const print = () => {
    frame.width = 718;
    for (const rule of [...page.styleSheets].flatMap((sheet) => [...sheet.cssRules])) {
      if (rule.conditionText === "print") rule.media.mediaText = "all";
    }
    const part = page.querySelector("details ul") ?? page.querySelector("ol.steps");
    return {
      ground: luminance(view.getComputedStyle(page.body).backgroundColor), filter: view.getComputedStyle(filter).display,
      cut: view.getComputedStyle(page.querySelector(".scroll")).overflowX, part: part.getBoundingClientRect().height,
      width: Math.max(page.documentElement.scrollWidth, page.body.scrollWidth),
    };
  };
  const focusable = page.querySelectorAll("a[href], button, input, summary, [tabindex='0']").length;
  document.getElementById("result").textContent = JSON.stringify({
    title: page.title, rows: names.length, up, down, names, shown, focusable,
    width, inner, contrasts, night, ground, unreachable, printed: print(),
    links: [...page.querySelectorAll("td a")].map((a) => a.href),
    fetched: view.performance.getEntriesByType("resource").length,
    scripts: [...page.scripts].filter((s) => s.src).length, svgs: page.querySelectorAll("svg").length, errors,
  });
});
frame.srcdoc = PAGE;
window.addEventListener("error", (event) => errors.push(event.message));
</script>"#;

fn main() {
    let arguments = Arguments::from_args();
    let browser = Command::new("chromium")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    let browser = Need::new(match browser {
        true => Ok(()),
        false => Err("no chromium on PATH to try the pages in".to_owned()),
    });
    type Test = fn() -> Result<(), Failed>;
    let tests: [(&str, Test); 2] = [
        ("the_roadmap_works_in_a_browser", roadmap_page),
        ("the_audits_page_works_in_a_browser", audit_page),
    ];
    let trials = tests
        .map(|(name, test)| browser.trial(name, move |()| test()))
        .into();
    libtest_mimic::run(&arguments, trials).exit();
}

/// A kept answer about a real kernel.
fn audit() -> Audit {
    serde_json::from_str(include_str!("data/audit-sample.json")).unwrap()
}

fn see(page: &str, number: &str, dark: bool) -> Result<Value, Failed> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("harness.html");
    let quoted = serde_json::to_string(page)?.replace("</", "<\\/");
    let harness = HARNESS
        .replace("NUMBER", &format!("{number:?}"))
        .replace("PAGE", &quoted);
    fs_err::write(&file, harness)?;
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--enable-logging=stderr",
            "--v=0",
        ])
        // Blink's number for `prefers-color-scheme`.
        .arg(format!(
            "--blink-settings=preferredColorScheme={}",
            if dark { 0 } else { 1 }
        ))
        .arg(format!(
            "--user-data-dir={}",
            directory.path().join("profile").display()
        ))
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("file://{}", file.display()))
        .output()?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let console: Vec<&str> = stderr
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    if !console.is_empty() {
        return Err(format!("the page wrote to the console: {console:?}").into());
    }
    let dom = String::from_utf8(output.stdout)?;
    let result = dom
        .split("<pre id=\"result\">")
        .nth(1)
        .and_then(|rest| rest.split("</pre>").next())
        .unwrap_or_default()
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">");
    serde_json::from_str(&result).map_err(|error| format!("{error}: {result}\n{stderr}").into())
}

/// What holds by day and by night, on a phone, on paper and without a mouse.
fn readable(seen: &Value, dark: bool) {
    assert_eq!(seen["night"], dark, "the browser was asked for this scheme");
    let ground = seen["ground"].as_f64().unwrap();
    assert_eq!(ground < 0.2, dark, "the ground is {ground}");
    let contrasts: Vec<f64> = seen["contrasts"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_f64)
        .collect();
    assert!(
        contrasts.len() >= 7 && contrasts.iter().all(|contrast| *contrast >= 4.5),
        "text can't be read (WCAG 2 wants 4.5): {contrasts:?}"
    );
    assert_eq!(seen["unreachable"], serde_json::json!([]), "by keyboard");
    let printed = &seen["printed"];
    assert!(
        printed["ground"].as_f64() > Some(0.9),
        "{printed}: paper is white"
    );
    assert_eq!(
        (&printed["filter"], &printed["cut"]),
        (&"none".into(), &"visible".into())
    );
    assert!(
        printed["part"].as_f64() > Some(10.0),
        "{printed}: folded parts are printed"
    );
    assert!(
        printed["width"].as_u64() <= Some(718),
        "{printed}: cut off at the paper's edge"
    );
}

fn common(seen: &Value) {
    let list = |name: &str| -> Vec<f64> {
        seen[name]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_f64)
            .collect()
    };
    let (up, down) = (list("up"), list("down"));
    assert!(up.len() > 5 && up.is_sorted(), "{up:?}");
    assert!(
        down.iter().rev().copied().collect::<Vec<_>>().is_sorted(),
        "{down:?}"
    );
    assert_ne!(up, down);
    let names: Vec<&str> = seen["names"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    // Within a letter the browser has rules of its own for `_` and digits.
    let letter = |name: &&str| name.to_lowercase().chars().next();
    assert!(
        names.len() > 10 && names.is_sorted_by_key(letter),
        "{names:?}"
    );
    assert_eq!(seen["inner"], 390, "the frame is as wide as a phone");
    let width = seen["width"].as_u64().unwrap();
    assert!(
        width > 300 && width <= 390,
        "{width}: something is wider than a phone"
    );
    assert_eq!(
        (&seen["fetched"], &seen["scripts"], &seen["errors"]),
        (&0.into(), &0.into(), &serde_json::json!([]))
    );
    let (shown, rows) = (seen["shown"].as_u64(), seen["rows"].as_u64());
    assert!(
        shown >= Some(1) && shown < rows,
        "the filter leaves {shown:?} of {rows:?} rows"
    );
    let links: Vec<&str> = seen["links"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(
        links.contains(&"https://github.com/rust-lang/rust/issues/44874"),
        "{links:?}"
    );
    assert!(seen["focusable"].as_u64().unwrap() > 10);
}

fn roadmap_page() -> Result<(), Failed> {
    let selection = Selection {
        arch: None,
        compiler: (1, 95),
    };
    let mut made = roadmap::plan(&audit(), Ledger::embedded(), &selection);
    made.trend = ["6.12.1", "7.3.4"]
        .iter()
        .enumerate()
        .map(|(i, release)| Point {
            release: (*release).to_owned(),
            needed: 30 + i,
            language: 5,
            options: 20,
            uses: 90,
            rust_files: 100,
        })
        .collect();
    made.support = Some(serde_json::from_str(include_str!(
        "data/targets-sample.json"
    ))?);
    let page = roadmap::html::page(&made);
    let seen = see(&page, "Uses", false)?;
    common(&seen);
    readable(&seen, false);
    readable(&see(&page, "Uses", true)?, true);
    assert_eq!(seen["svgs"], 2, "the graph and the trend are drawn");
    Ok(())
}

fn audit_page() -> Result<(), Failed> {
    let page = html::page(&audit());
    let seen = see(&page, "Places", false)?;
    common(&seen);
    readable(&seen, false);
    readable(&see(&page, "Places", true)?, true);
    Ok(())
}
