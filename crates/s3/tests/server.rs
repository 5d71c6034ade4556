//! The client against a real server.

use clawstead_s3::{Bucket, BucketSettings, Client, PART_BYTES_MIN, S3Error};
use clawstead_s3_emulator::{ACCESS_KEY, BUCKET, NativeTransport, REGION, S3, SECRET_KEY};
use http::Method;

fn settings(server: &S3) -> BucketSettings {
    BucketSettings {
        endpoint: server.endpoint(),
        bucket: BUCKET.to_owned(),
        region: REGION.to_owned(),
        access_key: ACCESS_KEY.to_owned(),
        secret_key: SECRET_KEY.to_owned(),
    }
}

async fn started() -> (S3, Bucket) {
    let server = S3::start().await.expect("the server starts");
    let bucket = Bucket::new(settings(&server)).expect("good settings");
    (server, bucket)
}

/// The instant, ms since the epoch: a server takes signatures of a quarter of an hour.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the year 200,000,000")
}

async fn stored(client: &Client<'_, NativeTransport>, key: &str, parts: &[Vec<u8>]) {
    let mut upload = client.begin(key, now()).await.expect("it begins");
    for part in parts {
        client.add(&mut upload, part.clone(), now()).await.expect("it takes a part");
    }
    client.complete(&upload, now()).await.expect("it completes");
}

#[tokio::test]
async fn parts_become_one_object_that_is_read_in_ranges() {
    let (server, bucket) = started().await;
    let client = Client::new(NativeTransport::default(), &bucket);
    let first = vec![1; PART_BYTES_MIN];
    stored(&client, "d/file 1+ö", &[first, b"rest".to_vec()]).await;

    let size = i64::try_from(PART_BYTES_MIN).expect("small") + 4;
    assert_eq!(client.look("d/file 1+ö", now()).await.expect("an answer").expect("an object").size, size);
    assert_eq!(client.get("d/file 1+ö", size - 5, 100, now()).await, Ok(Some(b"\x01rest".to_vec())));
    assert_eq!(client.get("d/none", 0, 1, now()).await, Ok(None));
    assert_eq!(client.look("d/none", now()).await, Ok(None));
    assert_eq!(server.unfinished(), Vec::<String>::new());
}

#[tokio::test]
async fn an_empty_object_can_be_made() {
    let (_server, bucket) = started().await;
    let client = Client::new(NativeTransport::default(), &bucket);
    stored(&client, "d/empty", &[Vec::new()]).await;
    assert_eq!(client.look("d/empty", now()).await.expect("an answer").expect("an object").size, 0);
}

#[tokio::test]
async fn unfinished_uploads_are_listed_and_can_be_ended() {
    let (server, bucket) = started().await;
    let client = Client::new(NativeTransport::default(), &bucket);
    let mut upload = client.begin("d/half", now()).await.expect("it begins");
    client.add(&mut upload, vec![0; PART_BYTES_MIN], now()).await.expect("it takes a part");
    client.begin("other/half", now()).await.expect("it begins");

    let found = client.uploads("d/", "", 10, now()).await.expect("a list");
    assert_eq!(found.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["d/half"]);
    assert_eq!(client.uploads("d/", "d/half", 10, now()).await, Ok(Vec::new()));
    client.abort(&found[0].0, &found[0].1, now()).await.expect("it ends");
    assert!(client.complete(&upload, now()).await.is_err(), "what was ended can never become an object");
    assert_eq!((server.unfinished(), server.keys()), (vec!["other/half".to_owned()], Vec::new()));
}

#[tokio::test]
async fn objects_are_listed_by_pages_copied_and_deleted() {
    let (server, bucket) = started().await;
    let client = Client::new(NativeTransport::default(), &bucket);
    for key in ["d/1", "d/2", "e/1"] {
        stored(&client, key, &[key.as_bytes().to_vec()]).await;
    }
    assert_eq!(client.objects("d/", "", 1, now()).await, Ok(vec!["d/1".to_owned()]));
    assert_eq!(client.objects("d/", "d/1", 10, now()).await, Ok(vec!["d/2".to_owned()]));

    let seen = client.look("e/1", now()).await.expect("an answer").expect("an object");
    client.copy("e/1", &seen, "d/2", now()).await.expect("it copies");
    assert_eq!(client.get("d/2", 0, 10, now()).await, Ok(Some(b"e/1".to_vec())));
    let refused = client.copy("d/1", &seen, "d/3", now()).await;
    assert!(matches!(refused, Err(S3Error::Refused { status: 412, .. })), "{refused:?}");
    for _ in 0..2 {
        client.delete("e/1", now()).await.expect("it deletes, also what is gone");
    }
    assert_eq!(server.keys(), ["d/1", "d/2"]);
}

#[tokio::test]
async fn a_presigned_url_lets_others_in_for_one_thing() {
    let (server, bucket) = started().await;
    let others = reqwest::Client::new();
    let put = bucket.presigned(&Method::PUT, "d/theirs", 60_000, now());
    assert!(others.put(&put).body("bytes").send().await.expect("an answer").status().is_success());
    assert!(!others.get(&put).send().await.expect("an answer").status().is_success());
    let get = bucket.presigned(&Method::GET, "d/theirs", 60_000, now());
    assert_eq!(others.get(&get).send().await.expect("an answer").text().await.expect("text"), "bytes");
    let old = bucket.presigned(&Method::GET, "d/theirs", 60_000, now() - 120_000);
    assert_eq!(others.get(&old).send().await.expect("an answer").status(), 403);
    let elsewhere = get.replace("theirs", "ours");
    assert_eq!(others.get(&elsewhere).send().await.expect("an answer").status(), 403);
    drop(server);
}

#[tokio::test]
async fn another_secret_is_refused_and_passing_trouble_is_waited_out() {
    let (server, bucket) = started().await;
    let wrong = Bucket::new(BucketSettings { secret_key: "wrong".to_owned(), ..settings(&server) }).expect("good settings");
    let refused = Client::new(NativeTransport::default(), &wrong).begin("d/1", now()).await;
    assert_eq!(refused, Err(S3Error::Refused { status: 403, code: "SignatureDoesNotMatch".to_owned() }));

    let client = Client::new(NativeTransport::default(), &bucket);
    server.refuse(2);
    client.begin("d/1", now()).await.expect("the third try");
    server.refuse(3);
    let refused = client.begin("d/2", now()).await;
    assert_eq!(refused, Err(S3Error::Refused { status: 503, code: "SlowDown".to_owned() }));
}
