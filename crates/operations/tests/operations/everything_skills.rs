//! One of every operation on skills.

use clawstead_domain::skill::Channel;
use clawstead_operations::skills::{self, Filter};
use clawstead_operations::{Cx, OperationError};
use clawstead_vault::TrustedKeys;

use crate::recording::Recording;
use crate::skill::saying;

pub(crate) async fn skills(cx: &Cx<'_, Recording>) -> Result<(), OperationError> {
    let keys = TrustedKeys::default();
    for version in ["1.0.0", "1.1.0"] {
        skills::deploy(cx, &keys, saying("greeter", version, version)).await?;
    }
    skills::activate(cx, &keys, "greeter", Channel::Canary, "1.0.0").await?;
    for enabled in [None, Some(true)] {
        for channel in [None, Some(Channel::Canary)] {
            assert_eq!(skills::list(cx, Filter { enabled, channel }, "", 10).await?.len(), 1);
        }
    }
    skills::versions(cx, "greeter", i64::MAX, 10).await?;
    skills::version(cx, "greeter", "1.0.0").await?;
    assert_eq!(skills::manifest(cx, &keys, Channel::Canary).await?.skills.len(), 1);
    skills::switch(cx, "greeter", false).await?;
    skills::delete(cx, "greeter").await.map(drop)
}
