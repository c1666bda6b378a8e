//! What a KTAP document says, as a tree.

/// How one test ended. The names are those of the kernel's own `kunit_parser.py`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// `ok`.
    Passed,
    /// `not ok`.
    Failed,
    /// `ok N name # SKIP reason`.
    Skipped,
    /// No result line, or a subtest without one.
    Crashed,
    /// A suite in which no test ran.
    NoTests,
}

/// Numbers of test cases, a case being a test without subtests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Cases that passed.
    pub passed: usize,
    /// Cases that failed, and suites that failed although all their cases passed.
    pub failed: usize,
    /// Cases that were planned but have no result.
    pub crashed: usize,
    /// Cases that were skipped.
    pub skipped: usize,
    /// Places at which the document is not what KTAP asks for, as `kunit_parser.py` counts them.
    pub errors: usize,
}

impl Counts {
    /// All cases.
    pub fn total(&self) -> usize {
        self.passed + self.failed + self.crashed + self.skipped
    }

    /// The status that follows from the counts alone.
    pub fn status(&self) -> Status {
        if self.total() == 0 {
            Status::NoTests
        } else if self.crashed > 0 {
            Status::Crashed
        } else if self.failed > 0 {
            Status::Failed
        } else if self.passed > 0 {
            Status::Passed
        } else {
            Status::Skipped
        }
    }

    /// Adds another test's counts to these.
    pub fn add(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.crashed += other.crashed;
        self.skipped += other.skipped;
        self.errors += other.errors;
    }

    pub(super) fn count(&mut self, status: Status) {
        match status {
            Status::Passed => self.passed += 1,
            Status::Failed => self.failed += 1,
            Status::Skipped => self.skipped += 1,
            Status::Crashed => self.crashed += 1,
            Status::NoTests => {}
        }
    }
}

/// One test: a suite with subtests, or a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// Name; empty where the document gives none.
    pub name: String,
    /// How it ended.
    pub status: Status,
    /// The number in the plan line.
    pub plan: Option<usize>,
    /// Subtests in the order of the document, without the missing ones.
    pub subtests: Vec<Test>,
    /// Planned subtests without any result; they come after `subtests`.
    pub missing: usize,
    /// Whether a header (`KTAP version` or `# Subtest:`) announced subtests.
    pub parent: bool,
    /// Text after `# SKIP`.
    pub skip_reason: String,
    /// Lines before the result line that are not KTAP's own: diagnostics and kernel messages.
    pub log: Vec<String>,
    /// Counts over all cases below, or of this case.
    pub counts: Counts,
    /// Line of the result in the log, counted from 1; `None` if there is none.
    pub result_line: Option<usize>,
    /// Time between the previous KTAP line and the result in seconds, where the console prints times.
    pub seconds: Option<f64>,
    /// The console's time stamp at the result line, in seconds.
    pub end: Option<f64>,
    /// What is wrong with the document at this test.
    pub problems: Vec<Problem>,
}

/// A place at which a document is not what KTAP asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line in the log, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// What can be wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemKind {
    /// A version of KTAP or TAP that this parser does not know.
    Version(String),
    /// No plan line.
    NoPlan,
    /// A plan of more tests than any kernel has; it is not believed.
    AbsurdPlan(String),
    /// The result's number is not the next one.
    Number {
        /// The next one.
        expected: usize,
        /// The number in the document.
        found: String,
    },
    /// Planned subtests have no result.
    MissingTests(usize),
    /// A suite's own result line is missing.
    MissingResult,
    /// The document ends where a result was expected.
    EndsEarly,
    /// A suite in which no test ran.
    ZeroTests,
    /// Subtests are nested deeper than any kernel does it; the rest is read as one level.
    TooDeep,
    /// The kernel's own `# Totals:` line gives other counts than the results.
    Totals(String),
    /// A result line after the plan was complete.
    BeyondPlan(String),
}

impl ProblemKind {
    /// Whether results can be lost with this, so that the tests can't count as passed.
    pub fn is_loss(&self) -> bool {
        match self {
            ProblemKind::AbsurdPlan(_)
            | ProblemKind::MissingTests(_)
            | ProblemKind::MissingResult
            | ProblemKind::EndsEarly
            | ProblemKind::ZeroTests
            | ProblemKind::TooDeep
            | ProblemKind::BeyondPlan(_) => true,
            ProblemKind::Version(_)
            | ProblemKind::NoPlan
            | ProblemKind::Number { .. }
            | ProblemKind::Totals(_) => false,
        }
    }

    /// How often `kunit_parser.py` counts this as an error.
    pub(super) fn errors(&self) -> usize {
        match self {
            ProblemKind::Version(_)
            | ProblemKind::Number { .. }
            | ProblemKind::MissingResult
            | ProblemKind::EndsEarly
            | ProblemKind::ZeroTests => 1,
            ProblemKind::MissingTests(number) => *number,
            ProblemKind::NoPlan
            | ProblemKind::AbsurdPlan(_)
            | ProblemKind::TooDeep
            | ProblemKind::Totals(_)
            | ProblemKind::BeyondPlan(_) => 0,
        }
    }
}

impl std::fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ProblemKind::Version(line) => write!(f, "unknown version: {line}"),
            ProblemKind::NoPlan => write!(f, "no plan, so that missing tests can't be noticed"),
            ProblemKind::AbsurdPlan(line) => write!(f, "plan is not believable: {line}"),
            ProblemKind::Number { expected, found } => {
                write!(f, "expected test number {expected}, found {found}")
            }
            ProblemKind::MissingTests(1) => write!(f, "1 planned test has no result"),
            ProblemKind::MissingTests(number) => write!(f, "{number} planned tests have no result"),
            ProblemKind::MissingResult => write!(f, "suite has no result line"),
            ProblemKind::EndsEarly => write!(f, "the log ends where a result was expected"),
            ProblemKind::ZeroTests => write!(f, "no test ran"),
            ProblemKind::TooDeep => write!(f, "subtests are nested too deep"),
            ProblemKind::Totals(line) => {
                write!(f, "results differ from the kernel's own count: {line}")
            }
            ProblemKind::BeyondPlan(line) => {
                write!(f, "result after the plan was complete: {line}")
            }
        }
    }
}

impl Test {
    pub(super) fn new() -> Test {
        Test {
            name: String::new(),
            status: Status::Crashed,
            plan: None,
            subtests: Vec::new(),
            missing: 0,
            parent: false,
            skip_reason: String::new(),
            log: Vec::new(),
            counts: Counts::default(),
            result_line: None,
            seconds: None,
            end: None,
            problems: Vec::new(),
        }
    }

    pub(super) fn problem(&mut self, line: usize, kind: ProblemKind) {
        self.counts.errors += kind.errors();
        self.problems.push(Problem { line, kind });
    }
}

/// One KTAP document: what starts with a version line outside of any other document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Line of the version line in the log, counted from 1.
    pub first_line: usize,
    /// The tests; the name is `main`.
    pub main: Test,
    /// Line of the last result of the plan, if all of the plan's tests have one.
    pub complete_line: Option<usize>,
}

impl Document {
    /// Counts its lines from `lines` further down, for a document that is read as if that many lines came before it.
    pub fn move_down(&mut self, lines: usize) {
        self.first_line += lines;
        self.complete_line = self.complete_line.map(|line| line + lines);
        self.main.move_down(lines);
    }
}

impl Test {
    fn move_down(&mut self, lines: usize) {
        self.result_line = self.result_line.map(|line| line + lines);
        for problem in &mut self.problems {
            problem.line += lines;
        }
        for test in &mut self.subtests {
            test.move_down(lines);
        }
    }
}
