//! What is known about the pages of certain products, beyond what every page tells by itself.

mod keycloak;
mod simplesamlphp;

use super::page::Page;
use super::visit::{Step, Visit};
use crate::error::Result;

/// Knowledge about one product.
///
/// It is asked for every page and answers only what the walk would get wrong; it never owns the sign-in, since
/// brokers and chains of providers are ordinary.
pub trait Provider: Sync {
    fn name(&self) -> &'static str;

    /// Hosts that belong to the product itself, trusted when the configuration names it.
    fn hosts(&self) -> &'static [&'static str] {
        &[]
    }

    /// Its keys below `options:`, each with what it is for.
    fn options(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Is this one of its pages?
    fn recognise(&self, page: &Page) -> bool;

    /// The step to take, if this page needs more than the walk knows.
    fn step(&self, page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>>;
}

/// Asked in this order; the first that has a step takes it.
pub const PROVIDERS: &[&dyn Provider] = &[&simplesamlphp::SimpleSamlPhp, &keycloak::Keycloak];

/// The row with this name.
pub fn by_name(name: &str) -> Option<&'static dyn Provider> {
    PROVIDERS.iter().copied().find(|p| p.name() == name)
}

/// The step of the first provider that knows this page better than the walk.
pub fn step(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    PROVIDERS.iter().find_map(|provider| {
        let named = visit.settings.provider.as_deref() == Some(provider.name());
        if named || provider.recognise(page) {
            provider.step(page, visit)
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_have_names_of_their_own() {
        for (index, provider) in PROVIDERS.iter().enumerate() {
            let first = PROVIDERS.iter().position(|p| p.name() == provider.name());
            assert_eq!(first, Some(index), "{}", provider.name());
            assert!(by_name(provider.name()).is_some());
        }
    }
}
