# Prints what SpamAssassin's local rules make of each mail named: path, score, names of the rules, parted by tabs.
use strict;
use warnings;
use Mail::SpamAssassin;

my ($state, @paths) = @ARGV;
my $assassin = Mail::SpamAssassin->new({
    local_tests_only   => 1,
    dont_copy_prefs    => 1,
    userprefs_filename => "/dev/null",
    userstate_dir      => $state,
    post_config_text   => "use_bayes 0\nuse_auto_whitelist 0\n",
});
for my $path (@paths) {
    open my $file, "<:raw", $path or die "$path: $!";
    local $/;
    my $mail   = $assassin->parse(scalar <$file>);
    my $status = $assassin->check($mail);
    printf "%s\t%s\t%s\n", $path, $status->get_score, $status->get_names_of_tests_hit;
    $status->finish;
    $mail->finish;
}
