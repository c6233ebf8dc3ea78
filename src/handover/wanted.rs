//! Whose keys are wanted, and what stands before the names of their variables.

use std::fmt;
use std::str::FromStr;

use super::names::{Names, is_name};
use crate::error::{Error, Result, clean};

/// `PROFILE` or `PROFILE=PREFIX`: a profile, and what stands before the names of its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub profile: String,
    pub prefix: String,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((profile, prefix)) = text.split_once('=') else {
            return Ok(Wanted {
                profile: text.to_owned(),
                prefix: String::new(),
            });
        };
        if profile.is_empty() {
            return Err("there is no profile before `=`".to_owned());
        }
        if !is_name(prefix) {
            return Err(format!(
                "`{}` cannot stand before the name of a variable: a prefix has letters, digits and _, no digit first",
                clean(prefix)
            ));
        }
        Ok(Wanted {
            profile: profile.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

/// As it was typed.
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix.as_str() {
            "" => f.write_str(&self.profile),
            prefix => write!(f, "{}={prefix}", self.profile),
        }
    }
}

/// One environment holds a name once: `mai exec a b` would be keys of one or the other.
pub fn expect_no_clash(names: &Names, wanted: &[Wanted]) -> Result<()> {
    let mut taken: Vec<(String, &str)> = Vec::new();
    for one in wanted {
        for name in names.with_prefix(&one.prefix) {
            if let Some((_, other)) = taken.iter().find(|(known, _)| *known == name) {
                let (other, this) = (clean(other), clean(&one.profile));
                return Err(Error::usage(format!(
                    "{name} would be set for {other} and for {this}"
                ))
                .hint(format!(
                    "give each a prefix of its own: `{other}=ONE_ {this}=TWO_`"
                )));
            }
            taken.push((name, &one.profile));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_set_for_one_profile_only() {
        let clash = |names: &Names, wanted: &[&str]| {
            let wanted: Vec<Wanted> = wanted.iter().map(|one| one.parse().unwrap()).collect();
            expect_no_clash(names, &wanted).map_err(|error| error.to_string())
        };
        let keys = Names::of_keys();
        assert!(clash(&keys, &["a", "b=B_", "c=C_"]).is_ok());
        assert_eq!(
            clash(&keys, &["a", "b"]).unwrap_err(),
            "AWS_ACCESS_KEY_ID would be set for a and for b"
        );
        assert!(
            clash(&keys, &["a=X_", "b=X_"])
                .unwrap_err()
                .starts_with("X_AWS")
        );
        let own: Names = "X={role},A_X={role}".parse().unwrap();
        assert!(clash(&own, &["a", "b=A_"]).unwrap_err().starts_with("A_X "));
    }

    #[test]
    fn a_prefix_is_the_beginning_of_a_name() {
        for text in ["a=", "a=1", "a=X-", "a=X Y", "a=ä", "a=$X", "a=b=c", "=X_"] {
            assert!(text.parse::<Wanted>().is_err(), "{text}");
        }
        let wanted: Wanted = "pdx=PDX_".parse().unwrap();
        assert_eq!(
            (wanted.profile.as_str(), wanted.prefix.as_str()),
            ("pdx", "PDX_")
        );
        assert_eq!(wanted.to_string(), "pdx=PDX_");
    }
}
