# SPDX-License-Identifier: GPL-2.0-or-later
#
# lwp_get.pl URL USER PASSWORD: one GET, and the status it ended in.
use strict;
use warnings;

# The credentials are for every host and realm, as an ACS has them.
package Agent;
use parent 'LWP::UserAgent';
sub get_basic_credentials { return @ARGV[ 1, 2 ] }

package main;
my $response = Agent->new( timeout => 5 )->get( $ARGV[0] );
print $response->header('Client-Warning') ? 0 : $response->code, "\n";
