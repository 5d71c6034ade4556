//! Which component answers a path.
//!
//! The rules are Spin's: a trailing slash of the path makes no difference; `/a/...` matches `/a`
//! and everything below it; `:name` matches one segment; where several routes match, at the first
//! segment in which they differ an exact one beats a parameter, and a parameter beats `...`.

/// A path's route, and what the route's wildcards stood for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RouteMatch {
    /// The component's id.
    pub(crate) component: String,
    /// The route as the manifest writes it.
    pub(crate) raw_route: String,
    /// The same, without a trailing slash: what Spin calls the matched route.
    pub(crate) matched_route: String,
    /// What `...` stood for, with its leading slash, and with the path's trailing one; empty when
    /// the route has no `...` or nothing came after it.
    pub(crate) path_info: String,
    /// What each `:name` stood for.
    pub(crate) parameters: Vec<(String, String)>,
}

impl RouteMatch {
    /// The match of a call from component to component, as if the callee had the route `/...`.
    pub(crate) fn chained(component: &str, path: &str) -> Self {
        Self {
            component: component.to_owned(),
            raw_route: "/...".to_owned(),
            matched_route: "/...".to_owned(),
            path_info: path.to_owned(),
            parameters: Vec::new(),
        }
    }

    /// The route without its trailing `/...`.
    pub(crate) fn component_route(&self) -> &str {
        self.raw_route.strip_suffix("/...").unwrap_or(&self.raw_route)
    }
}

/// The order of the variants is the order of precedence.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Exact(String),
    Parameter(String),
    Rest,
}

impl Segment {
    fn precedence(&self) -> u8 {
        match self {
            Self::Exact(_) => 1,
            Self::Parameter(_) => 2,
            Self::Rest => 3,
        }
    }
}

#[derive(Debug)]
struct Route {
    component: String,
    raw: String,
    segments: Vec<Segment>,
}

/// All public routes of a manifest.
#[derive(Debug, Default)]
pub(crate) struct Router {
    /// Best first, so that the first match is the right one.
    routes: Vec<Route>,
}

impl Router {
    /// Adds the route `raw` of `component`.
    ///
    /// # Errors
    /// Says what is wrong with the route, or which component has it already.
    pub(crate) fn add(&mut self, raw: &str, component: &str) -> Result<(), String> {
        let segments = parse(raw)?;
        let same = |other: &Route| {
            other.segments.len() == segments.len()
                && other.segments.iter().zip(&segments).all(|pair| match pair {
                    (Segment::Exact(ours), Segment::Exact(theirs)) => ours == theirs,
                    (ours, theirs) => ours.precedence() == theirs.precedence(),
                })
        };
        if let Some(other) = self.routes.iter().find(|route| same(route)) {
            let owner = &other.component;
            return Err(format!("route {raw:?} is taken: component `{owner}` has {:?}", other.raw));
        }
        self.routes.push(Route { component: component.to_owned(), raw: raw.to_owned(), segments });
        // A route that ends where another goes on is the more exact of the two.
        self.routes.sort_by_key(|route| {
            let mut ranks: Vec<u8> = route.segments.iter().map(Segment::precedence).collect();
            ranks.push(0);
            ranks
        });
        Ok(())
    }

    /// The best route for `path`, which starts with a slash and has no query.
    pub(crate) fn find(&self, path: &str) -> Option<RouteMatch> {
        self.routes.iter().find_map(|route| route.matches(path))
    }
}

/// # Errors
/// Says what is wrong with the route.
fn parse(raw: &str) -> Result<Vec<Segment>, String> {
    let path = raw.strip_prefix('/').unwrap_or(raw);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let mut segments = Vec::new();
    for text in path.split('/') {
        if segments.last() == Some(&Segment::Rest) {
            return Err(format!("route {raw:?}: `...` must come last"));
        }
        segments.push(match text {
            "..." | "*" => Segment::Rest,
            "" => return Err(format!("route {raw:?} has an empty segment")),
            _ => match text.strip_prefix(':') {
                None => Segment::Exact(text.to_owned()),
                Some(name) if is_name(name) => Segment::Parameter(name.to_owned()),
                Some(name) => {
                    return Err(format!("route {raw:?}: {name:?} is no name for a parameter"));
                }
            },
        });
    }
    Ok(segments)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Route {
    fn matches(&self, path: &str) -> Option<RouteMatch> {
        let trimmed = path.trim_matches('/');
        let mut rest = (!trimmed.is_empty()).then_some(trimmed);
        let mut parameters = Vec::new();
        let mut path_info = String::new();
        for segment in &self.segments {
            if *segment == Segment::Rest {
                path_info = rest.take().map(|rest| format!("/{rest}")).unwrap_or_default();
                if path.ends_with('/') {
                    path_info.push('/');
                }
                break;
            }
            let here = rest?;
            let (text, after) = match here.split_once('/') {
                Some((text, after)) => (text, Some(after)),
                None => (here, None),
            };
            match segment {
                Segment::Exact(exact) if exact != text => return None,
                Segment::Parameter(_) if text.is_empty() => return None,
                Segment::Parameter(name) => parameters.push((name.clone(), text.to_owned())),
                Segment::Exact(_) | Segment::Rest => {}
            }
            rest = after;
        }
        if rest.is_some() {
            return None;
        }
        let matched_route = format!("/{}", self.raw.trim_start_matches('/'));
        Some(RouteMatch {
            component: self.component.clone(),
            raw_route: self.raw.clone(),
            matched_route: matched_route.strip_suffix('/').unwrap_or(&matched_route).to_owned(),
            path_info,
            parameters,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(routes: &[&str]) -> Router {
        let mut router = Router::default();
        for route in routes {
            router.add(route, route).expect("a good route");
        }
        router
    }

    fn winner(router: &Router, path: &str) -> String {
        router.find(path).map_or_else(|| "-".to_owned(), |found| found.raw_route)
    }

    #[test]
    fn the_most_exact_route_wins() {
        let router = router(&[
            "/...",
            "/",
            "/hello",
            "/:greeting",
            "/hey/:world",
            "/hey/earth",
            "/:greeting/:world/...",
            "/hey/...",
            "/a/b/...",
            "/a/b/c/...",
        ]);
        for (path, expected) in [
            ("/", "/"),
            ("/hello", "/hello"),
            ("/hello/", "/hello"),
            ("/other", "/:greeting"),
            ("/hey/earth", "/hey/earth"),
            ("/hey/mars", "/hey/:world"),
            ("/hey", "/hey/..."),
            ("/hey/mars/red", "/hey/..."),
            ("/yo/planet/check/this", "/:greeting/:world/..."),
            ("/a/b/c/d", "/a/b/c/..."),
            ("/a/b/c", "/a/b/c/..."),
            ("/a/b/x", "/a/b/..."),
        ] {
            assert_eq!(winner(&router, path), expected, "{path}");
        }
    }

    #[test]
    fn nothing_matches_a_stranger() {
        let router = router(&["/a", "/b/:id"]);
        for path in ["/", "/b", "/a/b", "/b/1/2", "/aa", "/A"] {
            assert_eq!(winner(&router, path), "-", "{path}");
        }
    }

    #[test]
    fn path_info_is_what_the_wildcard_stood_for() {
        let router = router(&["/foo/...", "/exact"]);
        for (path, info) in [
            ("/foo", ""),
            ("/foo/", "/"),
            ("/foo/bar", "/bar"),
            ("/foo/bar/", "/bar/"),
            ("/foo/a//b", "/a//b"),
            ("/exact", ""),
            ("/exact/", ""),
        ] {
            assert_eq!(router.find(path).expect(path).path_info, info, "{path}");
        }
    }

    #[test]
    fn parameters_have_names() {
        let found = router(&["/w/:token/messages/:id"]).find("/w/t0k/messages/42").expect("a match");
        let expected = [("token", "t0k"), ("id", "42")];
        assert_eq!(found.parameters, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn the_reported_routes_are_spins() {
        let router = router(&["/", "/foo/", "/bar/..."]);
        let names = |path: &str| {
            let found = router.find(path).expect(path);
            let component_route = found.component_route().to_owned();
            (found.raw_route, found.matched_route, component_route)
        };
        let expect = |names: [&str; 3]| names.map(str::to_owned).into();
        assert_eq!(names("/"), expect(["/", "", "/"]));
        assert_eq!(names("/foo"), expect(["/foo/", "/foo", "/foo/"]));
        assert_eq!(names("/bar/x"), expect(["/bar/...", "/bar/...", "/bar"]));
    }

    #[test]
    fn mistakes_are_refused() {
        for bad in ["/a/.../b", "/a//b", "/:", "/:a-b", "/x/:a.b"] {
            assert!(Router::default().add(bad, "c").is_err(), "{bad}");
        }
        let mut router = router(&["/a/:id"]);
        assert!(router.add("/a/:other", "second").unwrap_err().contains("taken"));
    }
}
