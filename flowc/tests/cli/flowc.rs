//! Running the binary in a directory of its own, without the environment's keys.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A directory with files, and the binary in it.
pub(crate) struct Place {
    directory: tempfile::TempDir,
    env: Vec<(String, String)>,
}

/// What the binary said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap(), env: Vec::new() };
        for (name, text) in files {
            place.write(name, text);
        }
        place
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.program(env!("CARGO_BIN_EXE_flowc"), args)
    }

    /// Another program that stands where the binary would.
    pub(crate) fn program(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.path()).stdin(Stdio::null());
        for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "FLOWC_LOG", "NO_COLOR", "COLUMNS"] {
            command.env_remove(name);
        }
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"] {
            command.env_remove(name);
        }
        command.envs(self.env.iter().cloned());
        command
    }

    pub(crate) fn flowc(&self, args: &[&str]) -> Said {
        Said::from(self.command(args).output().unwrap())
    }

    pub(crate) fn flowc_with_input(&self, args: &[&str], input: &str) -> Said {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Said::from(child.wait_with_output().unwrap())
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Said {
    /// The exit code, and words on stderr.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{self:#?}");
        for word in words {
            assert!(self.err.contains(word), "`{word}` in {}", self.err);
        }
        self
    }

    #[track_caller]
    pub(crate) fn works(&self) -> &Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }
}

/// A directory of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path).canonicalize().unwrap()
}

/// A small package that asks a model, then a tool.
pub(crate) const TALK: &str = r#"//! Asks a model, then a tool.

model quick = openai("gpt-5-mini") {
  can: [Json, Stream]
  context: 8k tokens
  output: 100 tokens
  price_in: 1 USD / 1M tokens
  price_out: 2 USD / 1M tokens
  timeout: 500ms
  retry: 0
}

type Sorted {
  team: text in 1..40
}

prompt sort(line: text in 1..200): Sorted {
  output: 50 tokens
  user: "{{line}}"
}

prompt answer(line: text in 1..200): text in ..100 tokens {
  output: 50 tokens
  user: "{{line}}"
}

tool look(team: text): text = http.get("ORIGIN/look/{{team}}") {
  effect: Read
  timeout: 500ms
  retry: 0
}

pub flow handle(line: text in 1..200): text {
  -> sorted

  node sorted = sort(line) using quick
    -> looked

  node looked = look(sorted.team)
    -> return looked
}

pub flow chat(line: text in 1..200): text in ..100 tokens {
  -> write

  node write = answer(line) using quick
    -> return write
}

pub flow count(n: int in 0..9, word: text, note: text?): text {
  -> said

  node said = "{{n}} {{word}}"
    -> return said
}
"#;

/// [`TALK`] in a place, with its tool at this address.
pub(crate) fn talk(origin: &str) -> Place {
    Place::new(&[("talk.flow", &TALK.replace("ORIGIN", origin))])
}
