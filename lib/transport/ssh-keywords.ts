/**
 * What may stand in an ssh_config, of OpenSSH 2 to 10 with what Debian, Red Hat and Apple add, in lower case. Of most
 * nothing is wanted here; what is none of them is a slip, or newer than this list.
 */
export const sshKeywords: ReadonlySet<string> = new Set(
  `addkeystoagent addressfamily afstokenpassing askpassgui batchmode bindaddress bindinterface canonicaldomains
  canonicalizefallbacklocal canonicalizehostname canonicalizemaxdots canonicalizepermittedcnames casignaturealgorithms
  certificatefile challengeresponseauthentication channeltimeout checkhostip cipher ciphers clearallforwardings
  compression compressionlevel connectionattempts connecttimeout controlmaster controlpath controlpersist
  dsaauthentication dynamicforward enableescapecommandline enablesshkeysign escapechar exitonforwardfailure
  fallbacktorsh fingerprinthash forkafterauthentication forwardagent forwardx11 forwardx11timeout forwardx11trusted
  gatewayports globalknownhostsfile globalknownhostsfile2 gssapiauthentication gssapiclientidentity
  gssapidelegatecredentials gssapikexalgorithms gssapikeyexchange gssapirenewalforcesrekey gssapiserveridentity
  gssapitrustdns hashknownhosts host hostbasedacceptedalgorithms hostbasedalgorithms hostbasedauthentication
  hostbasedkeytypes hostkeyalgorithms hostkeyalias hostname identitiesonly identityagent identityfile identityfile2
  ignoreunknown include ipqos kbdinteractiveauthentication kbdinteractivedevices keepalive kerberosauthentication
  kerberostgtpassing kexalgorithms knownhostscommand localcommand localforward loglevel logverbose macs match
  nohostauthenticationforlocalhost noneenabled noneswitch numberofpasswordprompts obscurekeystroketiming
  passwordauthentication permitlocalcommand permitremoteopen pkcs11provider port preferredauthentications protocol
  protocolkeepalives proxycommand proxyjump proxyusefdpass pubkeyacceptedalgorithms pubkeyacceptedkeytypes
  pubkeyauthentication refuseconnection rekeylimit remotecommand remoteforward requesttty requiredrsasize
  revokedhostkeys rhostsauthentication rhostsrsaauthentication rsaauthentication rsaminsize securitykeyprovider
  sendenv serveralivecountmax serveraliveinterval sessiontype setenv setuptimeout skeyauthentication smartcarddevice
  stdinnull streamlocalbindmask streamlocalbindunlink stricthostkeychecking syslogfacility tag tcpkeepalive
  tisauthentication tunnel tunneldevice updatehostkeys usekeychain useprivilegedport user userknownhostsfile
  userknownhostsfile2 useroaming usersh verifyhostkeydns versionaddendum visualhostkey warnweakcrypto
  xauthlocation`.split(/\s+/),
)
