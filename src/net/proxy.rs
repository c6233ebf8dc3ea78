//! Through which proxy requests go: the one that is configured, else the environment's, never for loopback hosts.

use std::cell::RefCell;

use reqwest::{NoProxy, Proxy};
use url::Url;

use crate::error::{Error, Result};

/// Hosts that no proxy could reach anyway; an assertion or a code for a local server must not leave the machine.
const NEVER: &str = "localhost,127.0.0.0/8,::1";

thread_local! {
    /// What the last client of this thread was built with; only for error messages.
    static IN_USE: RefCell<Option<InUse>> = const { RefCell::new(None) };
}

#[derive(Clone, Debug)]
struct InUse {
    https: Option<String>,
    http: Option<String>,
    except: String,
}

/// The proxies for a client. None at all leaves the choice to the system's own settings (macOS, Windows).
pub fn proxies(
    configured: Option<&str>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Proxy>> {
    let variable = |names: [&str; 2]| {
        names
            .into_iter()
            .find_map(|name| variable(name).map(|value| (name.to_string(), value)))
            .filter(|(_, value)| !value.trim().is_empty())
    };
    let (http, https, except) = match configured {
        Some(proxy) => {
            let named = Some(("proxy".to_string(), proxy.to_string()));
            (named.clone(), named, NEVER.to_string())
        }
        None => {
            let any = variable(["ALL_PROXY", "all_proxy"]);
            let except = variable(["NO_PROXY", "no_proxy"]).map(|(_, value)| value);
            (
                variable(["HTTP_PROXY", "http_proxy"]).or_else(|| any.clone()),
                variable(["HTTPS_PROXY", "https_proxy"]).or(any),
                except.map_or(NEVER.to_string(), |except| format!("{except},{NEVER}")),
            )
        }
    };
    let https = https
        .map(|(name, value)| parse(&name, &value))
        .transpose()?;
    let http = http.map(|(name, value)| parse(&name, &value)).transpose()?;
    IN_USE.set(Some(InUse {
        https: https.as_ref().map(shown),
        http: http.as_ref().map(shown),
        except: except.clone(),
    }));
    let unusable = |error: reqwest::Error| {
        Error::usage("the proxy cannot be used").because(error.without_url())
    };
    let mut proxies = Vec::new();
    if let Some(proxy) = https {
        proxies.push(Proxy::https(proxy).map_err(unusable)?);
    }
    if let Some(proxy) = http {
        proxies.push(Proxy::http(proxy).map_err(unusable)?);
    }
    Ok(proxies
        .into_iter()
        .map(|proxy| proxy.no_proxy(NoProxy::from_string(&except)))
        .collect())
}

/// The proxy that requests to this URL go through, as `host:port`, as far as we set it.
pub fn in_use(url: &Url) -> Option<String> {
    let in_use = IN_USE.with_borrow(Clone::clone)?;
    let proxy = match url.scheme() {
        "https" => in_use.https,
        _ => in_use.http,
    }?;
    let host = url.host_str()?;
    let direct = super::hops::is_loopback(url)
        || in_use.except.split(',').map(str::trim).any(|entry| {
            let name = entry.trim_start_matches('.');
            name == "*"
                || (!name.is_empty() && (host == name || host.ends_with(&format!(".{name}"))))
        });
    (!direct).then_some(proxy)
}

/// `setting` is the name of the key or variable, for messages; a password in the URL is never shown.
fn parse(setting: &str, value: &str) -> Result<Url> {
    let value = value.trim();
    let text = match value.contains("://") {
        true => value.to_string(),
        false => format!("http://{value}"),
    };
    let url = Url::parse(&text).ok().filter(|url| url.has_host());
    let url = url.ok_or_else(|| {
        Error::usage(format!("{setting} does not name a proxy"))
            .hint("write it like http://proxy.example.com:3128")
    })?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(Error::usage(format!(
            "{setting} names a proxy of the kind `{other}`, which is not supported"
        ))
        .hint("set HTTPS_PROXY, or `proxy:` of the identity provider, to an HTTP proxy")),
    }
}

fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn passwords_and_unknown_kinds_of_proxies_do_not_show() {
        let error = parse("ALL_PROXY", "socks5://ada:hunter2@proxy.test:1080").unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.message().contains("ALL_PROXY"), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        let url = parse("proxy", "http://ada:hunter2@proxy.test:3128").unwrap();
        assert_eq!(shown(&url), "proxy.test:3128");
        assert!(parse("proxy", "http://").is_err());
    }

    #[test]
    fn a_proxy_may_be_named_without_its_scheme() {
        assert_eq!(
            shown(&parse("proxy", "proxy.test:3128").unwrap()),
            "proxy.test:3128"
        );
        assert_eq!(
            shown(&parse("proxy", "proxy.test").unwrap()),
            "proxy.test:80"
        );
    }

    #[test]
    fn a_socks_proxy_for_everything_does_not_matter_where_an_http_proxy_is_named() {
        let variables = [
            ("ALL_PROXY", "socks5://p.test"),
            ("HTTPS_PROXY", "http://p.test"),
            ("http_proxy", "http://p.test"),
        ];
        let lookup = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_string())
        };
        assert_eq!(proxies(None, &lookup).unwrap().len(), 2);
        assert!(proxies(None, &|name| lookup(name).filter(|_| name == "ALL_PROXY")).is_err());
    }
}
