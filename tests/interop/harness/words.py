"""Every text and exit code that the tests expect of `mai`, in one place. Texts are regular expressions."""

# Exit codes, as documented
DONE = 0
FAILED = 1
MISTAKEN = 2
NEEDS_A_PERSON = 3
REFUSED = 4
UNREACHABLE = 5
INTERRUPTED = 130

# Questions on a terminal, up to the blank before the answer. A password question never shows what is typed.
ASKS_PASSWORD = r"(?i)password (of|for)[^\n?]*: "
ASKS_MASTER_PASSWORD = r"(?i)master password of [^\n?]*: "
ASKS_CODE = r"(?i)\bcode\b[^\n?]*: "
ASKS_TOTP_SECRET = r"(?i)TOTP secret[^\n?]*: "
ASKS_TO_KEEP = r"(?i)(keep|remember|store|save)[^\n]*\? \[y/n\] "
ASKS_FACTOR = r"(?i)prove it is you"
ASKS_DEVICE = r"(?i)which device[^\n]*\?"
ASKS_ROLE = r"(?i)\brole\b"
ASKS_HOST = r"(?i)send your password to [^\n]*\? \[y/n\] "
ASKS_CONSENT = r"(?i)(consent|agree|share|pass)[^\n]*\? \[y/n\] "
YES = "y\r"
NO = "n\r"
ENTER = "\r"

# Answers to what went wrong, on stderr
SAYS_WRONG_PASSWORD = r"(?i)(refused|wrong|incorrect|invalid)[^\n]*password|password[^\n]*(refused|wrong|incorrect|invalid)"
SAYS_WRONG_MASTER_PASSWORD = r"(?i)not the master password"
WAITS_FOR_KEYRING = r"(?i)waiting for the keyring"
SAYS_WRONG_CODE = r"(?i)(refused|wrong|incorrect|invalid)[^\n]*code|code[^\n]*(refused|wrong|incorrect|invalid)"
SAYS_DISABLED = r"(?i)(disabled|locked)"
# Keycloak shows a temporary lock as a wrong password, on purpose.
SAYS_LOCKED_FOR_A_WHILE = r"(?i)(locked|disabled|password)"
SAYS_NO_ROLES = r"(?i)\bno\b[^\n]*roles?"
SAYS_CHANGE_PASSWORD = r"(?i)password[^\n]*must be changed"
SAYS_CONSENT = r"(?i)consent|agree"
SAYS_UNKNOWN_SERVICE = r"(?i)does not know the service"
SAYS_NOT_STARTED = r"(?i)could not start the service"
SAYS_NO_ACCESS = r"(?i)does not let you in"
SAYS_NOT_OFFERED = r"(?i)not offered|does not offer|offers no"
SAYS_SHORTER = r"(?i)(longest|at most|maximum|instead)"
SAYS_SIGNED_OUT = r"(?i)signed out at localhost"
SAYS_UNTRUSTED = r"(?i)certificate"
SAYS_OTHER_STS = r"AWS_ENDPOINT_URL_STS"

# A password that must be changed: a person must go there with a browser.
CHANGE_PASSWORD_CODES = (NEEDS_A_PERSON,)
