//! A bucket of S3 with a key of KMS, or of servers that speak their protocols.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flow_policy::retry::{Draws, Failure, Plan, Verdict, after_failure};
use flow_providers::http::Egress;
use flow_providers::{AwsError, AwsTrouble, Credentials, HostSecrets, Kms, PutNew, S3};
use flow_registry::bodies::{Context, DataKey, Keys, Object, Objects, Put, Secret};
use flow_registry::{Address, Trouble, Vault};
use flow_runtime::clock::{Clock as _, SystemClock};
use tokio::runtime::{Handle, Runtime};

use crate::commands::run::world;

/// Four more attempts, with up to 0.1, 0.2, 0.4 and 0.8 s between them.
const PLAN: Plan = Plan { retries: 4, base_ms: 100, cap_ms: 2_000, patience_ms: 20_000 };

/// For an operation with all its attempts.
const DEADLINE: Duration = Duration::from_secs(30);

/// The bucket of `s3://bucket/prefix?kms=…`.
pub(super) fn vault(address: &Address) -> Result<Vault, Trouble> {
    let away = Arc::new(Away::new(address)?);
    let (bucket, prefix) = address.place.split_once('/').unwrap_or((&address.place, ""));
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    let bucket = Bucket { away: Arc::clone(&away), bucket: bucket.to_owned(), prefix };
    Ok(Vault { objects: Box::new(bucket), keys: Box::new(MasterKey(away)), is_remote: true })
}

/// What reaches another machine, from wherever it is asked.
struct Away {
    address: Address,
    egress: Egress,
    secrets: HostSecrets,
    handle: Handle,
    /// `None` when it is being dropped.
    runtime: Option<Runtime>,
}

impl Away {
    fn new(address: &Address) -> Result<Self, Trouble> {
        let refused = |why: String| Trouble::Refused(format!("`{address}` cannot be used: {why}"));
        let egress = world::way_out(&[]).map_err(|stop| refused(stop.message))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| refused(error.to_string()))?;
        let handle = runtime.handle().clone();
        let secrets = HostSecrets::default();
        Ok(Self { address: address.clone(), egress, secrets, handle, runtime: Some(runtime) })
    }

    /// Asked for each time: keys of clouds live for an hour.
    fn credentials(&self) -> Result<Credentials, Trouble> {
        let region = self.address.setting("region").map(str::to_owned);
        Credentials::usual(&self.secrets, region, "s3").ok_or_else(|| {
            let address = &self.address;
            Trouble::Refused(format!(
                "`{address}` needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and they are not set"
            ))
        })
    }

    fn endpoint(&self, setting: &str, variable: &str) -> Option<String> {
        let said = self.address.setting(setting).map(str::to_owned);
        let names = [variable, "AWS_ENDPOINT_URL"];
        said.or_else(|| names.iter().find_map(|name| world::variable(name)))
    }

    fn kms(&self) -> Result<Kms, Trouble> {
        let key = self.address.setting("kms").unwrap_or_default();
        let endpoint = self.endpoint("kms_endpoint", "AWS_ENDPOINT_URL_KMS");
        Ok(Kms::new(self.egress.clone(), self.credentials()?, key, endpoint.as_deref()))
    }

    /// Does something, again and again where that may help, and waits for its end. The caller's thread may belong to
    /// a runtime that must not be held up, so it is awaited on another.
    fn wait<T: Send, F: Future<Output = Result<T, AwsError>> + Send>(
        &self,
        act: impl Fn() -> F + Send,
    ) -> Result<T, AwsError> {
        std::thread::scope(|scope| match scope.spawn(|| self.handle.block_on(again(act))).join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        // What drops it may be a task, and a task must not wait for a runtime's end.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn again<T, F: Future<Output = Result<T, AwsError>>>(act: impl Fn() -> F) -> Result<T, AwsError> {
    let began = Instant::now();
    let mut draws = Draws::new(SystemClock.now_ms().unsigned_abs());
    for attempts in 1.. {
        let error = match act().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let AwsTrouble::Busy(retry_after_ms) = error.trouble else { return Err(error) };
        let left = DEADLINE.saturating_sub(began.elapsed()).as_millis();
        let remaining_ms = Some(u64::try_from(left).unwrap_or(u64::MAX));
        let failure = Failure { attempts, retryable: true, retry_after_ms, remaining_ms };
        match after_failure(&PLAN, &failure, draws.draw()) {
            Verdict::Again { after_ms } => tokio::time::sleep(Duration::from_millis(after_ms)).await,
            Verdict::GiveUp(_) => return Err(error),
        }
    }
    Err(AwsError { trouble: AwsTrouble::Busy(None), message: "it was tried too often".to_owned() })
}

/// What the registry makes of it; `object` is what it happened to.
fn trouble(error: AwsError, object: &str) -> Trouble {
    let (object, why) = (object.to_owned(), error.message);
    match error.trouble {
        AwsTrouble::Missing => Trouble::Missing(object),
        AwsTrouble::Key => Trouble::Key { object, why },
        AwsTrouble::Refused => Trouble::Refused(why),
        AwsTrouble::Busy(_) => Trouble::Unreachable(why),
    }
}

struct Bucket {
    away: Arc<Away>,
    bucket: String,
    /// Empty, or with a slash at its end.
    prefix: String,
}

impl Bucket {
    fn s3(&self) -> Result<S3, Trouble> {
        let Away { address, egress, .. } = &*self.away;
        let endpoint = self.away.endpoint("endpoint", "AWS_ENDPOINT_URL_S3");
        let encryption = address.setting("sse").map(str::to_owned);
        let credentials = self.away.credentials()?;
        Ok(S3::new(egress.clone(), credentials, &self.bucket, endpoint.as_deref(), encryption))
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn shown(&self, name: &str) -> String {
        format!("s3://{}/{}{name}", self.bucket, self.prefix)
    }
}

impl Objects for Bucket {
    fn put(&self, name: &str, bytes: &[u8]) -> Result<Put, Trouble> {
        let (s3, key) = (self.s3()?, self.key(name));
        let put = self.away.wait(|| s3.put_new(&key, bytes.to_vec()));
        match put.map_err(|error| trouble(error, &self.shown(name)))? {
            PutNew::New(version) => Ok(Put::New(version)),
            PutNew::There => Ok(Put::There),
        }
    }

    fn get(&self, name: &str, version: Option<&str>) -> Result<Object, Trouble> {
        let (s3, key) = (self.s3()?, self.key(name));
        let got = self.away.wait(|| s3.get(&key, version));
        let got = got.map_err(|error| trouble(error, &self.shown(name)))?;
        Ok(Object { bytes: got.bytes, version: got.version })
    }

    fn delete(&self, name: &str, version: Option<&str>) -> Result<(), Trouble> {
        let (s3, key) = (self.s3()?, self.key(name));
        let deleted = self.away.wait(|| s3.delete(&key, version));
        deleted.map_err(|error| trouble(error, &self.shown(name)))
    }
}

struct MasterKey(Arc<Away>);

impl Keys for MasterKey {
    fn fresh(&self, context: &Context) -> Result<DataKey, Trouble> {
        let kms = self.0.kms()?;
        let made = self.0.wait(|| kms.generate_data_key(context));
        let made = made.map_err(|error| trouble(error, "the data key"))?;
        Ok(DataKey { secret: Secret(made.plain), wrapped: made.wrapped, id: made.id })
    }

    fn open(&self, id: &str, wrapped: &[u8], context: &Context, object: &str) -> Result<Secret, Trouble> {
        let kms = self.0.kms()?;
        let opened = self.0.wait(|| kms.decrypt(id, wrapped, context));
        opened.map(Secret).map_err(|error| trouble(error, object))
    }
}
