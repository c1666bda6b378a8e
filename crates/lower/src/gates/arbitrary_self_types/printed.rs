//! Conditions as the compiler prints them (`rustc_ast_pretty`), which is how `assert!` tells them.

use ra_ap_syntax::ast::{self, HasArgList, HasGenericArgs};
use ra_ap_syntax::{AstNode, SyntaxElement, SyntaxKind, SyntaxNode};

/// Longer ones are broken into lines.
const WIDTH: usize = 78;

/// An expression on one line; nothing if it has parts that are printed by other rules (closures, `match`, ...), or needs several lines.
pub fn condition(expression: &ast::Expr) -> Option<String> {
    let mut tokens = expression.syntax().descendants_with_tokens();
    // An attribute, or a macro's.
    let is_attribute = |token: &SyntaxElement| token.kind() == SyntaxKind::POUND;
    let text = print(expression).filter(|_| !tokens.any(|token| is_attribute(&token)))?;
    (text.len() <= WIDTH).then_some(text)
}

fn print(expression: &ast::Expr) -> Option<String> {
    use ast::Expr;
    Some(match expression {
        Expr::Literal(literal) => literal.syntax().text().to_string(),
        Expr::PathExpr(path) => compact(path.syntax())?,
        Expr::ParenExpr(inner) => format!("({})", print(&inner.expr()?)?),
        Expr::FieldExpr(field) => format!(
            "{}.{}",
            print(&field.expr()?)?,
            field.name_ref()?.syntax().text()
        ),
        Expr::MethodCallExpr(call) => {
            let generics = match call.generic_arg_list() {
                Some(list) => compact(list.syntax())?,
                None => String::new(),
            };
            let name = call.name_ref()?;
            let arguments = list(call.arg_list()?.args())?;
            format!(
                "{}.{}{generics}({arguments})",
                print(&call.receiver()?)?,
                name.syntax().text()
            )
        }
        Expr::CallExpr(call) => {
            let arguments = list(call.arg_list()?.args())?;
            format!("{}({arguments})", print(&call.expr()?)?)
        }
        Expr::IndexExpr(index) => {
            format!("{}[{}]", print(&index.base()?)?, print(&index.index()?)?)
        }
        Expr::TryExpr(inner) => format!("{}?", print(&inner.expr()?)?),
        Expr::AwaitExpr(inner) => format!("{}.await", print(&inner.expr()?)?),
        Expr::PrefixExpr(inner) => {
            format!("{}{}", inner.op_token()?.text(), print(&inner.expr()?)?)
        }
        Expr::RefExpr(inner) if inner.raw_token().is_none() => {
            let mutable = inner.mut_token().map_or("", |_| "mut ");
            format!("&{mutable}{}", print(&inner.expr()?)?)
        }
        Expr::BinExpr(both) => format!(
            "{} {} {}",
            print(&both.lhs()?)?,
            both.op_kind()?,
            print(&both.rhs()?)?
        ),
        Expr::CastExpr(cast) => {
            format!(
                "{} as {}",
                print(&cast.expr()?)?,
                compact(cast.ty()?.syntax())?
            )
        }
        Expr::TupleExpr(tuple) => {
            let fields: Vec<_> = tuple.fields().collect();
            let comma = if fields.len() == 1 { "," } else { "" };
            format!("({}{comma})", list(fields.into_iter())?)
        }
        Expr::ArrayExpr(array) => match array.kind() {
            ast::ArrayExprKind::ElementList(elements) => format!("[{}]", list(elements)?),
            ast::ArrayExprKind::Repeat {
                initializer,
                repeat,
            } => format!("[{}; {}]", print(&initializer?)?, print(&repeat?)?),
        },
        Expr::MacroExpr(call) => compact(call.syntax())?,
        Expr::BlockExpr(inner) => block(inner)?,
        Expr::IfExpr(inner) => {
            let (then, otherwise) = (inner.then_branch()?, inner.else_branch()?);
            let otherwise = match otherwise {
                ast::ElseBranch::Block(inner) => block(&inner)?,
                ast::ElseBranch::IfExpr(inner) => print(&Expr::IfExpr(inner))?,
            };
            format!(
                "if {} {} else {otherwise}",
                print(&inner.condition()?)?,
                block(&then)?
            )
        }
        _ => return None,
    })
}

/// A block of expressions and simple `let` statements.
fn block(block: &ast::BlockExpr) -> Option<String> {
    let unsafe_word = match block.modifier() {
        None => "",
        Some(ast::BlockModifier::Unsafe(_)) => "unsafe ",
        Some(_) => return None,
    };
    let list = block.stmt_list()?;
    let mut parts = Vec::new();
    for statement in list.statements() {
        parts.push(match statement {
            ast::Stmt::ExprStmt(inner) => {
                let end = inner.semicolon_token().map_or("", |_| ";");
                format!("{}{end}", print(&inner.expr()?)?)
            }
            ast::Stmt::LetStmt(inner) if inner.let_else().is_none() && inner.ty().is_none() => {
                let pattern = inner.pat()?;
                format!(
                    "let {} = {};",
                    compact(pattern.syntax())?,
                    print(&inner.initializer()?)?
                )
            }
            _ => return None,
        });
    }
    if let Some(tail) = list.tail_expr() {
        parts.push(print(&tail)?);
    }
    let is_empty = parts.is_empty();
    (!is_empty).then(|| format!("{unsafe_word}{{ {} }}", parts.join(" ")))
}

fn list(expressions: impl Iterator<Item = ast::Expr>) -> Option<String> {
    let texts: Option<Vec<String>> = expressions.map(|one| print(&one)).collect();
    Some(texts?.join(", "))
}

/// The source of what is printed token by token, if all spaces in it stand behind commas, where they are printed as well.
fn compact(node: &SyntaxNode) -> Option<String> {
    let text = node.text().to_string();
    let pieces: Vec<&str> = text.split(", ").collect();
    let is_plain = |piece: &&str| !piece.contains(|c: char| c.is_whitespace() || c == ',');
    let is_comment = text.contains("//") || text.contains("/*");
    (pieces.iter().all(is_plain) && !is_comment).then_some(text)
}

#[cfg(test)]
mod tests {
    use ra_ap_syntax::Edition;

    use super::*;

    fn printed(text: &str) -> Option<String> {
        condition(&ast::Expr::parse(text, Edition::Edition2021).tree())
    }

    #[test]
    fn conditions_are_spaced_as_the_compiler_spaces_them() {
        for (text, wanted) in [
            ("self . 0 . 0  ==  1", "self.0.0 == 1"),
            ("self.a&&!self.b( 1,2 )", "self.a && !self.b(1, 2)"),
            (
                "( self.a as  u32 )>>1/* c */==*f( &mut self.x )",
                "(self.a as u32) >> 1 == *f(&mut self.x)",
            ),
            ("[self.a;3]==[1,2,3,]", "[self.a; 3] == [1, 2, 3]"),
            ("(self.a,)!=(1,)", "(self.a,) != (1,)"),
            ("matches!(self.a, 5|6)", "matches!(self.a, 5|6)"),
            (
                "{let x=self.a;f(x);x==1}",
                "{ let x = self.a; f(x); x == 1 }",
            ),
            (
                "if self.a{b}else{unsafe{c}}",
                "if self.a { b } else { unsafe { c } }",
            ),
            ("self.get::<u8>(i)[ 0 ]?<2", "self.get::<u8>(i)[0]? < 2"),
        ] {
            assert_eq!(printed(text).as_deref(), Some(wanted));
        }
    }

    #[test]
    fn what_other_rules_print_is_left_to_them() {
        let long = format!("self.{}", "a".repeat(78));
        for text in [
            "{ #![x] self.a }",
            "(|x|x)(self)",
            "{ loop { self.a } }",
            "f::<A , B>(self)",
            &long,
        ] {
            assert_eq!(printed(text), None, "{text}");
        }
    }
}
