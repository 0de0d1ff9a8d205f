/// Words that say little about a text because nearly every text of their language has them: articles, pronouns, prepositions, conjunctions,
/// auxiliary verbs, and what an apostrophe leaves of them.
enum StopWords {
    /// The languages in which a word is common, a bit for each.
    static func languages(of word: [UInt8]) -> UInt16 { table[word] ?? 0 }

    private static let table: [[UInt8]: UInt16] = {
        var table: [[UInt8]: UInt16] = [:]
        for language in Language.allCases {
            for word in list(language).split(whereSeparator: \.isWhitespace) { table[Array(word.utf8), default: 0] |= 1 << UInt16(language.rawValue) }
        }
        return table
    }()

    private static func list(_ language: Language) -> String {
        switch language {
        case .english:
            """
            a about above after again against ain all also am an and any are aren as at be because been before being below between both but by can cannot could
            couldn d did didn do does doesn doing don down during each few for from further had hadn has hasn have haven having he her here hers herself him himself
            his how i if in into is isn it its itself just let ll m me might mightn more most must mustn my myself need needn no nor not of off on once only or other ought
            our ours ourselves out over own re s same shall shan she should shouldn so some such t than that the their theirs them themselves then there these they
            this those through to too under until up upon us ve very was wasn we were weren what when where which while who whom whose why will with won would wouldn
            you your yours yourself yourselves
            """
        case .german:
            """
            aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf aus bei beim bin bis bist da damit dann das dass dasselbe
            dazu dein deine deinem deinen deiner dem den denn denselben der derer derselbe des dessen dich die dies diese dieselbe diesem diesen dieser dieses dir doch dort du durch ein
            eine einem einen einer eines einig einige einigem einigen einiger einiges einmal er es etwas euch euer eure eurem euren für gegen gewesen hab habe haben hat hatte hatten hier hin
            hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im in indem ins ist jede jedem jeden jeder jedes jene jenem jenen jener jenes jetzt kann kein keine keinem keinen
            keiner können könnte machen man manche manchem manchen mancher mein meine meinem meinen meiner mich mir mit muss musste nach nicht nichts noch nun nur ob oder ohne sehr sein
            seine seinem seinen seiner seit sich sie sind so solche solchem solchen solcher soll sollte sondern sonst über um und uns unse unser unsere unserem unseren unter viel vom von
            vor war waren warst was weg weil weiter welche welchem welchen welcher welches wenn werde werden wie wieder will wir wird wirst wo wollen wollte wurde wurden würde würden zu zum zur zwar zwischen
            """
        case .french:
            """
            à ai aie ait alors as au aucun aussi autre aux avait avec avez avoir avons ayant c car ce cela ces cet cette ceux chaque ci comme comment d dans de des donc dont du elle elles en
            encore entre es est et étaient était étant été être eu eux fait faire ici il ils j je jusqu l la le les leur leurs lors lui m ma mais me même mes moi mon n ne ni nos notre nous
            on ont or ou où par parce pas pendant peu peut plus pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se sera ses si son sont sous sur t ta te tes toi ton
            tous tout toute toutes très tu un une vers vos votre vous y
            """
        case .spanish:
            """
            a al algo algunas algunos ante antes aquel aquella aquellos aquí así aún aunque cada como con contra cual cuales cuando cuándo de del desde donde dónde dos durante e el él ella ellas
            ellos en entre era eran eres es esa esas ese eso esos esta está estaba estado están estar estas este esto estos estoy fue fueron ha había habían han hasta hay he la las le les lo los más
            me mi mí mientras mis mucho muchos muy nada ni no nos nosotros nuestra nuestro o os otra otras otro otros para pero poco por porque puede pues que qué quien quién quienes se sea ser si sí
            sido sin sobre sois somos son soy su sus suya suyo también tan tanto te tenía tiene tienen todo todos tu tú tus u un una unas uno unos vosotros vuestra vuestro y ya yo
            """
        case .italian:
            """
            a abbiamo ad agli ai al alla alle allo anche ancora avete aveva avevano c che chi ci coi col come con contro cosa cui d da dagli dai dal dalla dalle dallo degli dei del della delle dello
            di dopo dove e è ed era erano essere fa fra fu gli ha hai hanno ho i il in io l la le lei li lo loro lui ma mi mia mie miei mio molto ne negli nei nel nella nelle nello noi non nostra
            nostro o ogni per perché più poi quale quali quando quanto quella quelle quelli quello questa queste questi questo qui sarà se sei senza si sia siamo siete solo sono sopra sotto stata stato
            su sua sue sugli sui sul sulla sulle suo suoi ti tra tu tua tuo tutti tutto un una uno vi voi vostra vostro
            """
        case .portuguese:
            """
            a à ao aos aquela aquele aquilo as às até com como da das de dela dele deles depois do dos e é ela elas ele eles em entre era eram essa esse esta está estão estar estas estava este estes eu
            foi foram há isso isto já lhe lhes mais mas me mesmo meu meus minha minhas muito na nas não nem no nos nós nossa nosso num numa o onde os ou para pela pelas pelo pelos pode por porque qual
            quando que quem são se seja sem ser seu seus será só sobre sua suas também te tem têm tinha toda todo todos tu tua um uma umas uns você vocês
            """
        case .dutch:
            """
            aan al alles als altijd andere ben bij daar dan dat de der deze die dit doch doen door dus een eens en er ge geen geweest haar had heb hebben heeft hem het hier hij hoe hun iemand iets ik in is
            ja je jij jou jouw jullie kan kon kunnen maar me meer men met mij mijn moet na naar niet niets nog nu of om omdat onder ons onze ook op over reeds te tegen toch toen tot u uit uw van veel voor
            waar want waren was wat we wel werd wezen wie wij wil worden wordt zal ze zelf zich zij zijn zo zonder zou
            """
        case .swedish:
            """
            alla allt att av blev bli blir då de dem den denna deras dess dessa det detta dig din dina ditt du där efter ej eller en er era ert ett från för ha hade han hans har henne hennes hon honom hur
            här i icke ingen inom inte jag ju kan kunde man med mellan men mig min mina mitt mot mycket ni nu när någon något några och om oss på samma sedan sig sin sina sitta själv skulle som så sådan till
            under upp ut utan vad var vara varför varit varje vars vart vem vi vid vilka vilken vilket vår våra vårt vill än är åt över
            """
        case .danish:
            """
            ad af alle alt anden at blev blive bliver da de dem den denne der deres det dette dig din disse dog du efter eller en end er et for fra ham han hans har havde have hende hendes her hos hun hvad
            hvem hver hvilken hvis hvor hvordan hvorfor hvornår i ikke ind jeg jer jo kunne man mange med meget men mig min mine mit mod ned noget nogle nu når og også om op os over på selv sig sin sine sit skal
            skulle som sådan thi til ud under var vi vil ville vor være været
            """
        case .norwegian:
            """
            alle at av bare ble blei bli blir da de deg dei dem den denne der dere deres det dette di din disse ditt du dykk eg ein eit eitt eller elles en enn er et ett etter fordi fra før ha hadde han hans
            har henne hennes her ho hun hva hvem hver hvilken hvis hvor hvordan hvorfor i ikke ikkje inn ja jeg kan kom kunne kva kvar man mange med meg meget mellom men mi min mine mitt mot mykje må ned no noe
            noen nå når og også om opp oss over på samme seg selv si sia sidan siden sin sine sitt sjøl skal skulle slik so som sånn til um upp ut uten var vart ved vere vi vil ville vor vår være vært å
            """
        case .finnish:
            """
            ei eikä eivät emme en et ette että he heidän heitä hän häntä hänen ja jo joka jokin joku jonka jos jotka joten kanssa keiden ken kenen ketkä koska kuin kuka kun me mehän meidän meitä mikä mikään miksi
            missä mitä mitkä mukaan mutta myös ne niiden niin niitä noin nuo nyt näiden näitä nämä ole olemme olen olet olette oli olimme olin olit olivat olla olleet ollut on ovat poikki se sekä sen siinä siitä sillä sinä
            sinun sitä tai te teidän teitä tuo tuon tämä tämän tässä tätä vaan vai vaikka voi yli
            """
        case .russian:
            """
            а без более бы был была были было быть в вам вас весь во вот все всё всего всех вы где да даже для до его ее её если есть еще ещё же за здесь и из или им их к как ко когда кто ли либо мне может мы на надо
            наш не него нее неё нет ни них но ну о об однако он она они оно от очень по под при с со так также такой там те тем то того тоже той только том ты у уже хотя чего чей чем что чтобы чье чья эта эти это этот я
            """
        }
    }
}
