# The portal of the Debian package, with the configuration of harness/lemonldap.py.
use strict;
use warnings;
use Lemonldap::NG::Portal::Main;

Lemonldap::NG::Portal::Main->run(
    { configStorage => { type => 'File', dirName => "$ENV{LEMONLDAP_FOLDER}/conf" } } );
