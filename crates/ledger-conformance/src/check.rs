//! Assertions that return instead of panicking.

/// Ends the case unless both sides are equal.
macro_rules! equal {
    ($left:expr, $right:expr $(,)?) => {{
        let (left, right) = (&$left, &$right);
        if *left != *right {
            return Err(format!("{}:{}: {left:?} should be {right:?}", file!(), line!()).into());
        }
    }};
}

/// Ends the case unless the value matches the pattern.
macro_rules! fits {
    ($value:expr, $pattern:pat $(if $guard:expr)? $(,)?) => {{
        let value = $value;
        if !matches!(&value, $pattern $(if $guard)?) {
            return Err(format!("{}:{}: {value:?} should be {}", file!(), line!(), stringify!($pattern $(if $guard)?)).into());
        }
    }};
}

/// Ends the case unless the condition is true.
macro_rules! holds {
    ($condition:expr $(,)?) => {
        if !$condition {
            return Err(format!("{}:{}: {} should hold", file!(), line!(), stringify!($condition)).into());
        }
    };
}
