# The people of the portal, written by harness/lemonldap.py: what a directory would say about them.
package People;
use strict;
use warnings;
use JSON qw(from_json to_json);
use Mouse;
use Lemonldap::NG::Portal::Main::Constants qw(PE_OK PE_BADCREDENTIALS);

extends 'Lemonldap::NG::Portal::Auth::_WebForm';

my $people = do {
    open my $file, '<', "$ENV{LEMONLDAP_FOLDER}/people.json" or die "people.json: $!";
    local $/;
    from_json(<$file>);
};

sub getUser {
    my ( $self, $req ) = @_;
    return PE_OK if $people->{ $req->user };
    $self->p->_authentication->setSecurity($req);
    return PE_BADCREDENTIALS;
}

sub authenticate {
    my ( $self, $req ) = @_;
    my $person = $people->{ $req->user };
    my $result = $req->data->{password} eq $person->{password} ? $person->{answer} : PE_BADCREDENTIALS;
    $self->setSecurity($req) if $result != PE_OK;
    return $result;
}

sub setSessionInfo {
    my ( $self, $req ) = @_;
    my $person = $people->{ $req->user };
    my $session = $req->sessionInfo;
    $session->{uid}         = $req->user;
    $session->{roles}       = join '; ', @{ $person->{roles} } if @{ $person->{roles} };
    $session->{reached}     = 'by message' if $person->{messages};
    $session->{_2fDevices}  = to_json( $person->{devices} ) if @{ $person->{devices} };
    return PE_OK;
}

sub setGroups  { return PE_OK }
sub authLogout { return PE_OK }

1;
