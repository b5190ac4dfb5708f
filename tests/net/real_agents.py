# SPDX-License-Identifier: GPL-2.0-or-later
"""lighttpd and Apache httpd as agents: digest servers that know of no gate."""

import hashlib
import re

import lab

REALM = "cpe"

LIGHTTPD = """\
server.modules = ( "mod_auth", "mod_authn_file" )
server.document-root = "{root}"
server.errorlog = "{home}/error.log"
server.bind = "0.0.0.0"
server.port = {ports[0]}
server.max-keep-alive-requests = {requests}
{sockets}
auth.backend = "plain"
auth.backend.plain.userfile = "{home}/plain"
auth.require = ( "" => ( "method" => "digest", "algorithm" => "{algorithm}",
                         "realm" => "{realm}", "require" => "valid-user" ) )
"""

APACHE = """\
ServerRoot {home}
ServerName cpe
PidFile {home}/pid
DefaultRuntimeDir {home}
ErrorLog {home}/error.log
User nobody
Group nogroup
{modules}
{sockets}
KeepAlive {keep}
DocumentRoot {root}
<Directory {root}>
	AuthType Digest
	AuthName "{realm}"
	AuthDigestAlgorithm MD5
	AuthDigestQop auth
	AuthDigestDomain {path}
	AuthDigestProvider file
	AuthUserFile {home}/htdigest
	Require valid-user
</Directory>
"""

MODULES = ("mpm_prefork", "authn_core", "authn_file", "authz_core", "authz_user", "auth_digest")


class Server:
    """One of them, listening on @ports of both families."""

    def __init__(self, net, user, password, path, ports):
        self.home = net.dir / "server"
        self.root = self.home / "htdocs"
        self.root.mkdir(parents=True)
        net.dir.chmod(0o711)		# Apache's children are nobody
        (self.root / path.lstrip("/")).write_text("")
        (self.home / "plain").write_text(f"{user}:{password}\n")
        ha1 = hashlib.md5(f"{user}:{REALM}:{password}".encode()).hexdigest()
        (self.home / "htdigest").write_text(f"{user}:{REALM}:{ha1}\n")
        self.config = self.home / "config"
        self.config.write_text(self.configuration(path, ports))
        self.process = net.router.spawn(*self.argv())
        lab.wait_until(lambda: self._listens(net, ports), "the server listens", 10)

    def _listens(self, net, ports):
        assert self.process.poll() is None, self.log()
        found = net.router.run("ss", "-Hltn").stdout
        return all(re.search(rf":{port}\s", found) for port in ports)

    def log(self):
        file = self.home / "error.log"
        return file.read_text() if file.exists() else "the server ended"

    def stop(self):
        lab.end(self.process)


class Lighttpd(Server):
    def __init__(self, *arguments, keep, algorithm="MD5"):
        self.keep, self.algorithm = keep, algorithm
        super().__init__(*arguments)

    def argv(self):
        return "/usr/sbin/lighttpd", "-D", "-f", self.config

    def configuration(self, path, ports):
        addresses = [f"{a}:{p}" for p in ports for a in ("0.0.0.0", "[::]")][1:]
        return LIGHTTPD.format(
            home=self.home, root=self.root, ports=ports, realm=REALM, algorithm=self.algorithm,
            requests=100 if self.keep else 0,
            sockets="\n".join(f'$SERVER["socket"] == "{a}" {{ }}' for a in addresses))


class Apache(Server):
    def __init__(self, *arguments, keep):
        self.keep = keep
        super().__init__(*arguments)

    def argv(self):
        return "/usr/sbin/apache2", "-D", "FOREGROUND", "-f", self.config

    def configuration(self, path, ports):
        return APACHE.format(
            home=self.home, root=self.root, realm=REALM, path=path,
            keep="On" if self.keep else "Off",
            modules="\n".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so"
                              for m in MODULES),
            sockets="\n".join(f"Listen {a}:{p}" for p in ports for a in ("0.0.0.0", "[::]")))
