class Mai < Formula
  desc "Sign in to a SAML identity provider and get short-lived AWS keys"
  homepage "@homepage@"
  version "@version@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "@macos_aarch64_url@"
      sha256 "@macos_aarch64_sha256@"
    end
    on_intel do
      url "@macos_x86_64_url@"
      sha256 "@macos_x86_64_sha256@"
    end
  end

  on_linux do
    on_arm do
      url "@linux_aarch64_url@"
      sha256 "@linux_aarch64_sha256@"
    end
    on_intel do
      url "@linux_x86_64_url@"
      sha256 "@linux_x86_64_sha256@"
    end
  end

  def install
    bin.install "mai"
    man1.install Dir["man/*.1"]
    man5.install Dir["man/*.5"]
    bash_completion.install "completions/mai.bash" => "mai"
    zsh_completion.install "completions/_mai"
    fish_completion.install "completions/mai.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/mai --version")
  end
end
