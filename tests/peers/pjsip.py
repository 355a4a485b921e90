"""A telephone on PJSIP for the tests: calls, plays a WAV, records what it hears, and does what its plan says.

usage: pjsip.py URI PLAY.wav HEAR.wav PORT PLAN...
A URI that begins with `answer` takes a call instead, and the plan counts from there.
A plan is made of `SECONDS:ACTION`; actions are dtmf=KEYS, info=KEYS, hold, unhold, refer=URI, consult=URI (a second call), attended (hands the far end
of the first call on to that of the second), checks (whether those of ICE have found a way), bye. A call that takes another one's place is recorded in HEAR.wav-2.wav. Words without a colon are options: srtp, ice,
codec=NAME.
One line of output for each thing that happens.
"""

import sys
import time

import pjsua2 as pj


class Call(pj.Call):
    bridged = False
    over = False
    consulted = None
    successor = None

    def __init__(self, account, play, hear, identity=pj.PJSUA_INVALID_ID):
        super().__init__(account, identity)
        self.account, self.play, self.hear = account, play, hear

    def onCallState(self, parameter):
        info = self.getInfo()
        print("state", info.stateText, info.lastStatusCode, flush=True)
        self.over = info.state == pj.PJSIP_INV_STATE_DISCONNECTED

    def onCallTransferStatus(self, parameter):
        print("transfer", parameter.statusCode, flush=True)

    def onCallReplaced(self, parameter):
        print("replaced", flush=True)
        self.successor = Call(self.account, self.play, self.hear + "-2.wav", parameter.newCallId)

    def onCallMediaState(self, parameter):
        # Kept in a variable: the list of a temporary is freed memory.
        info = self.getInfo()
        for index in range(len(info.media)):
            media = info.media[index]
            if media.type != pj.PJMEDIA_TYPE_AUDIO:
                continue
            print("media", media.status, flush=True)
            if media.status != pj.PJSUA_CALL_MEDIA_ACTIVE:
                continue
            audio = self.getAudioMedia(index)
            if not self.bridged:
                self.player, self.recorder = pj.AudioMediaPlayer(), pj.AudioMediaRecorder()
                self.player.createPlayer(self.play, pj.PJMEDIA_FILE_NO_LOOP)
                self.recorder.createRecorder(self.hear)
                self.bridged = True
            self.player.startTransmit(audio)
            audio.startTransmit(self.recorder)


class Account(pj.Account):
    call = None

    def onIncomingCall(self, parameter):
        self.call = Call(self, self.play, self.hear, parameter.callId)
        answer = pj.CallOpParam()
        answer.statusCode = 200
        self.call.answer(answer)


def endpoint(port, codec):
    end = pj.Endpoint()
    end.libCreate()
    config = pj.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 0
    config.medConfig.noVad = True
    config.medConfig.ecTailLen = 0
    end.libInit(config)
    transport = pj.TransportConfig()
    transport.port, transport.boundAddress, transport.publicAddress = port, "127.0.0.1", "127.0.0.1"
    end.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    end.libStart()
    end.audDevManager().setNullDev()
    for known in end.codecEnum2():
        end.codecSetPriority(known.codecId, 255 if known.codecId.startswith(codec) else 0)
    return end


def act(call, action):
    print("does", action, flush=True)
    name, _, value = action.partition("=")
    if name == "dtmf":
        call.dialDtmf(value)
    elif name == "info":
        for key in value:
            request = pj.CallSendRequestParam()
            request.method = "INFO"
            request.txOption.contentType = "application/dtmf-relay"
            request.txOption.msgBody = f"Signal={key}\r\nDuration=160\r\n"
            call.sendRequest(request)
            time.sleep(0.3)
    elif name == "hold":
        call.setHold(pj.CallOpParam(True))
    elif name == "unhold":
        parameter = pj.CallOpParam(True)
        parameter.opt.flag = pj.PJSUA_CALL_UNHOLD
        call.reinvite(parameter)
    elif name == "refer":
        call.xfer(value, pj.CallOpParam(True))
    elif name == "consult":
        call.consulted = Call(call.account, call.play, call.hear + "-consulted.wav")
        parameter = pj.CallOpParam(True)
        parameter.opt.audioCount, parameter.opt.videoCount = 1, 0
        call.consulted.makeCall(value, parameter)
    elif name == "attended":
        call.xferReplaces(call.consulted, pj.CallOpParam(True))
    elif name == "checks":
        print("checks", "found the way" if "state: Negotiation Success" in call.dump(True, "") else call.dump(True, ""), flush=True)
    elif name == "bye":
        call.hangup(pj.CallOpParam())
    else:
        raise SystemExit(f"no such action: {action}")


def main():
    uri, play, hear, port = sys.argv[1:5]
    words = sys.argv[5:]
    codec = next((word[6:] for word in words if word.startswith("codec=")), "PCMU")
    plan = [word.split(":", 1) for word in words if ":" in word]
    end = endpoint(int(port), codec)
    config = pj.AccountConfig()
    config.idUri = "sip:pjsip@127.0.0.1"
    if "ice" in words:
        # It makes no candidates of loopback: from any address of the machine, its checks reach a gateway there all the same.
        config.natConfig.iceEnabled = True
    else:
        config.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
        config.mediaConfig.transportConfig.publicAddress = "127.0.0.1"
    if "srtp" in words:
        config.mediaConfig.srtpUse = pj.PJMEDIA_SRTP_MANDATORY
        config.mediaConfig.srtpSecureSignaling = 0
    account = Account()
    account.play, account.hear = play, hear
    account.create(config)
    if uri.startswith("answer"):
        patience = time.monotonic() + 90
        while account.call is None and time.monotonic() < patience:
            time.sleep(0.02)
        call, account.call = account.call, None
        if call is None:
            raise SystemExit("nobody called")
    else:
        call = Call(account, play, hear)
        parameter = pj.CallOpParam(True)
        parameter.opt.audioCount, parameter.opt.videoCount = 1, 0
        call.makeCall(uri, parameter)
    start = time.monotonic()
    for at, action in plan:
        while time.monotonic() - start < float(at) and not call.over:
            time.sleep(0.02)
        if call.over:
            break
        act(call, action)
    while not (call.over and (call.successor is None or call.successor.over)) and time.monotonic() - start < 90:
        time.sleep(0.02)
    call = None
    end.libDestroy()


main()
